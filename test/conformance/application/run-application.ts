import { inspect } from "node:util";

import { StreamsApp } from "millrace";

import type { ApplicationPlan } from "./options.ts";
import programTopology from "./program-topology.ts";

const topologyModule = new URL("program-topology.ts", import.meta.url);

/** Kafka's names of the states. */
const stateNames = {
  created: "CREATED",
  rebalancing: "REBALANCING",
  running: "RUNNING",
  closing: "PENDING_SHUTDOWN",
  closed: "NOT_RUNNING",
  failing: "PENDING_ERROR",
  failed: "ERROR",
} as const;

/** Runs until SIGTERM or an error; prints each change of state. Gives the exit code. */
export async function runApplication({ program, options }: ApplicationPlan): Promise<number> {
  const { threads = 1 } = options;
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  try {
    const app = await StreamsApp.start(threads > 1 ? topologyModule : programTopology(program), {
      ...options,
      ...(threads > 1 ? { data: program } : {}),
      signal: stop.signal,
      onStateChange: (state) => process.stdout.write(`${stateNames[state]}\n`),
    });
    await app.closed;
  } catch (error) {
    const isGivenUp = error === stop.signal.reason || isClosed(error);
    if (!stop.signal.aborted || !isGivenUp) {
      process.stderr.write(`${inspect(error)}\n`);
      return 1;
    }
  }
  return 0;
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "APPLICATION_CLOSED";
}
