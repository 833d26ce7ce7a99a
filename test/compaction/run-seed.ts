import { LogStorageError } from "@millrace/log";
import { FileSystemError } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import { Simulator } from "@millrace/simulator";
import { live } from "./life.ts";
import { Model } from "./model.ts";
import { noPlant, type Plant } from "./plants.ts";

const deleteRetentionMs = 1500;
const livesMax = 5;
const faults = { crashAtStep: 0.02, powerLoss: 0.006, kill: 0.004 };

/** Gives the steps at which a crash could have been; rejects with what is wrong. */
export async function runSeed(
  seed: number,
  plant: Plant = noPlant,
): Promise<ReadonlyMap<string, number>> {
  const simulator = new Simulator({ seed, drain: drainTurn, faults });
  const model = new Model(deleteRetentionMs);
  const takeOut = plant.put?.();
  let lives = 0;
  try {
    const ended = new Promise<void>((resolve, reject) => {
      simulator.process("broker", {
        onFailure: "restart",
        start: async (platform) => {
          try {
            await live(platform, {
              model,
              leaderEpoch: ++lives,
              deleteRetentionMs: plant.deleteRetentionMs ?? deleteRetentionMs,
              isLast: lives > livesMax,
            });
            resolve();
          } catch (error) {
            if (!isEnd(error)) reject(error);
            throw error;
          }
        },
      });
    });
    await simulator.until(ended);
  } finally {
    takeOut?.();
  }
  return simulator.steps;
}

/** How a life ends. */
function isEnd(error: unknown): boolean {
  if (error instanceof LogStorageError || error instanceof FileSystemError) return true;
  return error instanceof Error && error.name === "ProcessKilledError";
}
