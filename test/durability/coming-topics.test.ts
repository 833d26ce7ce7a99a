import { drainTurn } from "@millrace/platform/node";
import { Simulator } from "@millrace/simulator";
import { expect, test } from "vitest";

import { ComingTopics } from "./coming-topics.ts";
import { runBroker } from "./simulate.ts";

/*
 * Topics come and go while power fails, and snapshots take the place of the records that say so: none that has gone comes
 * back with what it had, and none that has come is missing.
 */

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const seedCount = isVerify ? Number(process.env["MILLRACE_SEEDS"] ?? 300) : 1;
const first = Number(process.env["MILLRACE_SEED"] ?? 1);
const address = { host: "127.0.0.1", port: 9092 };
const troubledMs = 6000;
const calmMs = 1500;
const endMsMax = 60_000;
const faults = { powerLoss: 0.1, kill: 0.08, slowFsync: 0.03, crashAtStep: 0.01 };

async function runSeed(seed: number): Promise<ComingTopics> {
  const simulator = new Simulator({ seed, drain: drainTurn, faults });
  const broker = simulator.process("broker", {
    start: (platform) => runBroker(platform, "group", () => queueMicrotask(() => broker.kill())),
    immuneTo: ["latentError"],
  });
  const { platform } = simulator.process("clients", {
    immuneTo: ["kill", "powerLoss", "pause", "crashAtStep"],
  });
  const topics = new ComingTopics(platform, address);
  let isOver = false;
  const running = topics.run(() => isOver);
  await simulator.advance(troubledMs);
  simulator.heal();
  await simulator.advance(calmMs);
  isOver = true;
  await simulator.until(running, { timeoutMs: endMsMax });
  simulator.powerLoss("broker");
  await simulator.until(topics.audit(), { timeoutMs: endMsMax });
  return topics;
}

test(
  `topics that come and go do so for good, whatever happens to the broker: seeds ${first} to ${first + seedCount - 1}`,
  { timeout: 2_700_000 },
  async () => {
    let [created, deleted] = [0, 0];
    for (let seed = first; seed < first + seedCount; seed++) {
      const topics = await runSeed(seed);
      expect(topics.violations.slice(0, 5), `MILLRACE_SEED=${seed}`).toEqual([]);
      created += topics.createdCount;
      deleted += topics.deletedCount;
    }
    console.log(`${seedCount} seeds, ${created} topics created, ${deleted} deleted`);
    expect(deleted).toBeGreaterThan(seedCount);
  },
);
