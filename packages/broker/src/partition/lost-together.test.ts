import { describe, expect, test } from "vitest";
import { type BrokerWorld, runWorld } from "../../test-support/broker-world.ts";

const corruptMessage = 2;
const storageError = 56;
const recoveryPoints = "/data/recovery-point-offset-checkpoint";
const orders = "/data/orders-0";
const metadata = "/data/__cluster_metadata-0";
const firstLog = "00000000000000000000.log";
const checkpointMs = 2000;

type Lose = (world: BrokerWorld) => void;

/** What a broker leaves that has written one record, and from which the recovery points are lost. */
async function lose(world: BrokerWorld, isKilled: boolean, more: Lose): Promise<void> {
  const { platform, start } = world;
  const { broker, client } = await start();
  await client.createTopic("orders");
  await client.produce("orders", ["a"]);
  await platform.timers.sleep(checkpointMs);
  await broker.close();
  if (isKilled) platform.fileSystem.remove("/data/.kafka_cleanshutdown");
  platform.fileSystem.remove(recoveryPoints);
  more(world);
}

const remove =
  (...paths: readonly string[]): Lose =>
  ({ platform }) => {
    for (const path of paths) platform.fileSystem.remove(path);
  };

describe.each([
  ["a stop", false],
  ["a kill", true],
])("where the recovery points are lost after %s", (_when, isKilled) => {
  test.each<[string, Lose]>([
    ["its log", remove(`${orders}/${firstLog}`)],
    [
      "its log and its partition.metadata",
      remove(`${orders}/${firstLog}`, `${orders}/partition.metadata`),
    ],
    ["all files", ({ files }) => files.removeFolder(orders)],
  ])("a partition that has lost %s is offline, and not empty", (_what, more) =>
    runWorld({}, async (world) => {
      await lose(world, isKilled, more);
      for (let round = 0; round < 2; round++) {
        const { broker, client } = await world.start();
        expect(await client.produce("orders", ["d"])).toMatchObject({ errorCode: storageError });
        const fetched = await client.fetch("orders", 0);
        expect([corruptMessage, storageError]).toContain(fetched?.errorCode);
        expect(world.told).toContainEqual(expect.objectContaining({ level: "error" }));
        await broker.close();
      }
    }),
  );

  test.each<[string, Lose, string]>([
    ["log", remove(`${metadata}/${firstLog}`), "LOG_CORRUPTED"],
    ["folder", ({ files }) => files.removeFolder(metadata), "METADATA_MISSING"],
    [
      "folder, as all others",
      ({ files }) => {
        files.removeFolder(metadata);
        files.removeFolder(orders);
      },
      "METADATA_MISSING",
    ],
  ])("the metadata's missing %s is an error", (_what, more, code) =>
    runWorld({}, async (world) => {
      await lose(world, isKilled, more);
      await expect(world.start()).rejects.toMatchObject({ code });
      await expect(world.start()).rejects.toMatchObject({ code });
    }),
  );
});
