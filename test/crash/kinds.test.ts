import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { computePlainly, type Outcome } from "./compute-kinds-plainly.ts";
import type { DurableEngine } from "./engine-of-run.ts";
import { generateInputs } from "./generate-kinds.ts";
import { KillableProcess } from "./killable-process.ts";
import type { KindsMessage } from "./messages.ts";
import { seededRandom, seedOfRun } from "./seeded-random.ts";

const isFull = process.env["MILLRACE_VERIFY"] === "1";
const eventCount = isFull ? 20_000 : 400;

interface Kill {
  readonly isCached: boolean;
  /** While it starts. */
  readonly isEarly: boolean;
  /** All is restored from the changelogs, and killed while it is. */
  readonly isWiped: boolean;
}

/** At full size each with each of the others, else each once. */
const kills: readonly Kill[] = isFull
  ? Array.from({ length: 24 }, (_, index) => ({
      isCached: index % 2 === 1,
      isEarly: index % 3 === 2,
      isWiped: index % 4 === 3,
    }))
  : [
      { isCached: true, isEarly: false, isWiped: false },
      { isCached: false, isEarly: true, isWiped: true },
    ];
const program = fileURLToPath(new URL("kinds-application.ts", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "millrace-kinds-"));
const seed = seedOfRun();
const random = seededRandom(seed);
/** Longest that a run goes on after it has its tasks, before it is killed. */
const killDelayMsMax = 600;

/** At full size both, else either. */
const engines: readonly DurableEngine[] = isFull
  ? ["rocksdb", "sqlite"]
  : [random() < 0.5 ? "rocksdb" : "sqlite"];

afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(engines)(
  `windows, joins, tables and timers in %s survive ${kills.length} kills -9 over ${eventCount} events, exactly once`,
  async (engine) => {
    const run = new KindsRun(engine);
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} npx vitest run test/crash`);
    for (const [index, { isCached, isEarly, isWiped }] of kills.entries()) {
      const kill = index + 1;
      if (isWiped) run.wipeState();
      // Each run finds new events, so that no run is done before it is killed.
      const application = run.start((eventCount * kill) / (kills.length + 1), isCached);
      const first = isEarly ? undefined : await next(application);
      const delayMs = isEarly ? 200 + random() * 1500 : random() * killDelayMsMax;
      expect(await application.killAfter(delayMs), application.errors).toBe("killed");
      const told = first === undefined ? "while it starts" : `after ${JSON.stringify(first)}`;
      console.log(`${engine}, kill ${kill}: ${told}${isWiped ? ", without its state" : ""}`);
    }
    const last = run.start(eventCount, false, "--until-done");
    const outcome = await outcomeOf(last);
    expect(await last.exited, last.errors).toBe(0);
    const expected = computePlainly(generateInputs(eventCount));
    for (const [topic, plain] of Object.entries(expected))
      expect(outcome[topic], topic).toEqual(plain);
    expect(run.foldersSetAside()).toEqual([]);
  },
  isFull ? 900_000 : 180_000,
);

/** The program on one engine, in a folder of its own. */
class KindsRun {
  readonly #engine: DurableEngine;
  readonly #data: string;
  readonly #state: string;

  constructor(engine: DurableEngine) {
    this.#engine = engine;
    this.#data = join(root, engine);
    this.#state = join(this.#data, "state/crash-kinds");
  }

  start(events: number, isCached: boolean, ...flags: readonly string[]): KillableProcess {
    const cache = isCached ? "10000000" : "0";
    const sizes = ["--events", String(Math.floor(events)), "--cache", cache];
    const parameters = [program, "--data", this.#data, ...sizes, ...flags];
    return new KillableProcess(parameters, { MILLRACE_STORE_ENGINE: this.#engine });
  }

  wipeState(): void {
    for (const task of readdirSync(this.#state).filter((name) => /^\d+_\d+$/.test(name)))
      rmSync(join(this.#state, task), { recursive: true, force: true });
  }

  /** A kill damages nothing. */
  foldersSetAside(): readonly string[] {
    return readdirSync(this.#state).filter((name) => /^\d+_\d+\./.test(name));
  }
}

async function outcomeOf(application: KillableProcess): Promise<Outcome> {
  for (;;) {
    const message = await next(application);
    if (message.kind === "outcome") return message.outcome;
  }
}

async function next(application: KillableProcess): Promise<KindsMessage> {
  const line = await application.nextLine(60_000);
  if (line === undefined) throw new Error(`it ended by itself\n${application.errors}`);
  return JSON.parse(line) as KindsMessage;
}
