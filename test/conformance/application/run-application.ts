import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

import { StreamsApp } from "millrace";

import { ProgramPlan } from "../plan-program.ts";
import type { ApplicationPlan } from "./options.ts";

/** How often the state is looked at. */
const lookMs = 10;

/** Kafka's names of the states. */
const stateNames = {
  starting: "REBALANCING",
  rebalancing: "REBALANCING",
  running: "RUNNING",
  closing: "PENDING_SHUTDOWN",
  closed: "NOT_RUNNING",
  failed: "ERROR",
} as const;

type StateName = (typeof stateNames)[keyof typeof stateNames] | "PENDING_ERROR";

/** Runs until SIGTERM or an error; prints each change of state. Gives the exit code. */
export async function runApplication({ program, options }: ApplicationPlan): Promise<number> {
  const { topology } = new ProgramPlan().build(program);
  const stop = new AbortController();
  const tell = teller();
  const onSignal = (): void => {
    tell("PENDING_SHUTDOWN");
    stop.abort();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onSignal);
  tell("REBALANCING");
  try {
    const app = await StreamsApp.start(topology, { ...options, signal: stop.signal });
    tell("RUNNING");
    const closed = app.closed.finally(() => stop.abort());
    void tellStates(app, tell, stop.signal);
    await closed;
  } catch (error) {
    if (!stop.signal.aborted || !isClosed(error)) return failed(error, tell);
  }
  tell("NOT_RUNNING");
  return 0;
}

async function tellStates(
  app: StreamsApp,
  tell: (state: StateName) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    tell(stateNames[app.state]);
    await sleep(lookMs);
  }
}

function failed(error: unknown, tell: (state: StateName) => void): number {
  tell("PENDING_ERROR");
  tell("ERROR");
  process.stderr.write(`${inspect(error)}\n`);
  return 1;
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "APPLICATION_CLOSED";
}

/** Prints a state where it is another than the last. */
function teller(): (state: StateName) => void {
  let last: StateName | undefined;
  return (state) => {
    if (state !== last) process.stdout.write(`${state}\n`);
    last = state;
  };
}
