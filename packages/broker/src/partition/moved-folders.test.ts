import { fetchApi, listOffsetsApi, produceApi } from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { type BrokerWorld, runWorld } from "../../test-support/broker-world.ts";
import { batchOf, type TestClient } from "../../test-support/test-client.ts";

const storageError = 56;

async function produce(client: TestClient, index: number, values: readonly string[]) {
  const partitionData = [{ index, records: batchOf(values) }];
  const topicData = [{ name: "orders", partitionData }];
  const answer = await client.ask(produceApi, 9, { acks: -1, timeoutMs: 1000, topicData });
  return answer?.responses[0].partitionResponses[0].errorCode;
}

async function fetchCode(client: TestClient, partition: number) {
  const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 1000 }];
  const topics = [{ topic: "orders", partitions }];
  const answer = await client.ask(fetchApi, 12, { maxWaitMs: 0, minBytes: 0, topics });
  return answer?.responses[0].partitions[0].errorCode;
}

async function endOffset(client: TestClient, partitionIndex: number) {
  const topics = [{ name: "orders", partitions: [{ partitionIndex, timestamp: -1 }] }];
  const answer = await client.ask(listOffsetsApi, 7, { replicaId: -1, topics });
  return answer?.topics[0].partitions[0].offset;
}

/** A broker that was closed in order, with as many records in each partition. */
async function written({ start }: BrokerWorld): Promise<void> {
  const { broker, client } = await start();
  await client.createTopic("orders", 3);
  for (const index of [0, 1, 2]) await produce(client, index, [`first of ${index}`, "second"]);
  await broker.close();
}

describe("the folder of another partition of the same topic", () => {
  test.each([
    [
      "in exchange",
      ({ files }: BrokerWorld) => {
        files.rename("/data/orders-0", "/data/kept");
        files.rename("/data/orders-1", "/data/orders-0");
        files.rename("/data/kept", "/data/orders-1");
      },
      [0, 1],
    ],
    [
      "as a copy",
      ({ files }: BrokerWorld) => {
        files.removeFolder("/data/orders-0");
        files.copyFolder("/data/orders-1", "/data/orders-0");
      },
      [0],
    ],
  ])("%s is not served: it is moved aside, and the partition offline", (_what, change, hurt) =>
    runWorld({}, async (world) => {
      await written(world);
      change(world);
      const { broker, client } = await world.start();
      for (const partition of [0, 1, 2]) {
        const isHurt = hurt.includes(partition);
        expect(await fetchCode(client, partition)).toBe(isHurt ? storageError : 0);
        expect(await produce(client, partition, ["more"])).toBe(isHurt ? storageError : 0);
      }
      const strays = world.files.names("/data").filter((name) => name.endsWith("-stray"));
      expect(strays).toHaveLength(hurt.length);
      expect(world.told.filter(({ event }) => event === "broker.folder-unexplained")).toHaveLength(
        hurt.length,
      );
      await broker.close();
    }),
  );

  test("is its own again once it has its name back", () =>
    runWorld({}, async (world) => {
      await written(world);
      const { files } = world;
      files.rename("/data/orders-0", "/data/orders-7");
      await (await world.start()).broker.close();
      const [stray] = files.names("/data").filter((name) => name.endsWith("-stray"));
      files.rename(`/data/${stray}`, "/data/orders-0");
      const { broker, client } = await world.start();
      expect(await endOffset(client, 0)).toBe(2);
      await broker.close();
    }));

  test("a folder that was made before folders knew their number is served as it is", () =>
    runWorld({}, async (world) => {
      await written(world);
      const { files } = world;
      const path = "/data/orders-0/partition.metadata";
      const [version, topicId] = new TextDecoder().decode(files.read(path)).split("\n");
      files.write(path, new TextEncoder().encode(`${version}\n${topicId}`));
      const { broker, client } = await world.start();
      expect(await endOffset(client, 0)).toBe(2);
      await broker.close();
    }));
});
