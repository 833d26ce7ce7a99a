import { FileSystemError, type Platform } from "@millrace/platform";
import { LogStorageError } from "@millrace/log";
import { drainTurn } from "@millrace/platform/node";
import { expect, it } from "vitest";
import { Simulator } from "../../../simulator/src/index.ts";
import { BrokerConfig } from "../config/broker-config.ts";
import { resourceTypes } from "../metadata/resource-configs.ts";
import { type BrokerParts, closeBroker, openBroker } from "../open-broker.ts";
import { MetadataSnapshotter } from "./metadata-snapshotter.ts";

const livesMax = 10;
const changesPerLife = 40;
const properties = {
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.num.partitions": 1,
  "share.coordinator.state.topic.num.partitions": 1,
  "metadata.log.max.record.bytes.between.snapshots": 300,
};

/** What was told to hold: the number of each group, or a later one whose answer did not come. */
class Witness {
  readonly told = new Map<string, number>();
  readonly asked = new Map<string, number>();
  lives = 0;
  starts = 0;
  snapshots = 0;
}

function check({ metadata: { image } }: BrokerParts, witness: Witness): void {
  for (const [group, asked] of witness.asked) {
    const found = Number(image.groupProperties(group).get("number") ?? -1);
    const told = witness.told.get(group) ?? -1;
    if (found < told || found > asked)
      throw new Error(`${group} has ${found}: ${told} was told, ${asked} was asked`);
  }
  if (image.starts <= witness.starts) throw new Error(`start ${image.starts} came before`);
  witness.starts = image.starts;
}

/** One run of a broker, without listeners, until it dies. */
async function live(platform: Platform, witness: Witness): Promise<void> {
  const config = BrokerConfig.parse(properties, platform.logger);
  const parts = await openBroker(platform, config, { dataDirectory: "/data", properties });
  check(parts, witness);
  if (++witness.lives > livesMax) return closeBroker(parts);
  const snapshotter = new MetadataSnapshotter({ ...parts, platform, config, admitWrite: () => {} });
  let known = parts.metadataSnapshots.newest;
  const { signal } = new AbortController();
  for (let count = 0; count < changesPerLife; count++) {
    const resourceName = `group ${count % 5}`;
    const number = (witness.asked.get(resourceName) ?? 0) + 1;
    witness.asked.set(resourceName, number);
    const value = {
      resourceType: resourceTypes.GROUP,
      resourceName,
      name: "number",
      value: String(number),
    };
    const changed = parts.metadata.change(() => ({
      records: [{ kind: "config", value }],
      result: undefined,
    }));
    // While it is on its way.
    const ran = snapshotter.run(signal);
    ran.catch(() => {});
    await changed;
    witness.told.set(resourceName, number);
    await ran;
    const { newest } = parts.metadataSnapshots;
    if (newest !== known) witness.snapshots++;
    known = newest;
  }
  await closeBroker(parts);
  throw new LogStorageError("LOG_CLOSED", "this life is over");
}

async function runSeed(seed: number): Promise<Witness> {
  // A device that fails now and then shows what it has not got.
  const fsyncError = seed % 2 === 0 ? 0.02 : 0;
  const faults = { crashAtStep: 0.02, powerLoss: 0.01, kill: 0.01, fsyncError };
  const simulator = new Simulator({ seed, drain: drainTurn, faults });
  const witness = new Witness();
  await new Promise<void>((resolve, reject) => {
    simulator.process("broker", {
      onFailure: "restart",
      start: async (platform) => {
        try {
          await live(platform, witness);
          resolve();
        } catch (error) {
          const isOfDisk = error instanceof LogStorageError || error instanceof FileSystemError;
          const isKilled = error instanceof Error && error.name === "ProcessKilledError";
          if (!isOfDisk && !isKilled) reject(error);
          throw error;
        }
      },
    });
    simulator.run().catch(reject);
  });
  return witness;
}

const first = Number(process.env["METADATA_SEED"] ?? 1);
const count = Number(process.env["METADATA_SEEDS"] ?? 8);

it(`no crash while a snapshot of the metadata takes the log's place loses what was told, seeds ${first} to ${first + count - 1} (METADATA_SEED)`, async () => {
  let snapshots = 0;
  for (let seed = first; seed < first + count; seed++) {
    try {
      snapshots += (await runSeed(seed)).snapshots;
    } catch (error) {
      throw new Error(`seed ${seed} (METADATA_SEED=${seed} METADATA_SEEDS=1)`, { cause: error });
    }
  }
  expect(snapshots).toBeGreaterThan(5 * count);
});
