import { deleteTopicsApi, metadataApi, offsetFetchApi } from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { type BrokerWorld, runWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";

const storageError = 56;
const leaderNotAvailable = 5;
const coordinatorNotAvailable = 15;
const metadataLog = "/data/__cluster_metadata-0/00000000000000000000.log";

/** A broker that was closed in order, with three records in `orders-0` and one in `payments-0`. */
async function written({ start }: BrokerWorld): Promise<void> {
  const { broker, client } = await start();
  await client.createTopic("orders");
  await client.createTopic("payments");
  for (const value of ["a", "b", "c"]) await client.produce("orders", [value]);
  await client.produce("payments", ["p"]);
  await broker.close();
}

async function partitionOf(client: TestClient, name: string) {
  const metadata = await client.ask(metadataApi, 12, { topics: [{ name }] });
  return metadata?.topics[0].partitions[0];
}

const deleteTopic = (client: TestClient, name: string) =>
  client.ask(deleteTopicsApi, 4, { topicNames: [name], timeoutMs: 1000 });

const straysOf = ({ files }: BrokerWorld, start = "orders-0") =>
  files.names("/data").filter((name) => name.startsWith(start) && name.endsWith("-stray"));

describe("a folder that the metadata do not explain", () => {
  const damages: readonly (readonly [string, (world: BrokerWorld) => void])[] = [
    [
      "a flipped bit in its topic id",
      ({ files }) => files.flip("/data/orders-0/partition.metadata", 25),
    ],
    [
      "a flipped bit in the name of its topic id",
      ({ files }) => files.flip("/data/orders-0/partition.metadata", 12),
    ],
    [
      "no partition.metadata",
      ({ platform }) => platform.fileSystem.remove("/data/orders-0/partition.metadata"),
    ],
    [
      "the folder of another cluster's topic in its place",
      ({ files }) =>
        files.write(
          "/data/orders-0/partition.metadata",
          new TextEncoder().encode("version: 0\ntopic_id: Zm9yZWlnbi1jbHVzdGVyMQ"),
        ),
    ],
  ];

  test.each(damages)("with %s, it is moved aside, whole, and told", (_what, damage) =>
    runWorld({}, async (world) => {
      const { files, start, told } = world;
      await written(world);
      damage(world);
      const before = files.contents("/data/orders-0");
      const { broker, client } = await start();
      const [stray] = straysOf(world);
      expect(files.contents(`/data/${stray}`)).toEqual(before);
      expect(told).toContainEqual(
        expect.objectContaining({
          level: "error",
          event: "broker.folder-unexplained",
          topic: "orders",
          partition: 0,
          sizeBytes: expect.any(Number),
          path: `/data/${stray}`,
        }),
      );
      expect(await client.produce("orders", ["d"])).toMatchObject({ errorCode: storageError });
      expect(await client.produce("payments", ["q"])).toMatchObject({ baseOffset: 1 });
      await broker.close();
    }),
  );

  test("comes back whole once its name and its id are right again", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      files.flip("/data/orders-0/partition.metadata", 25);
      await (await start()).broker.close();
      await (await start()).broker.close();
      const [stray] = straysOf(world);
      files.flip(`/data/${stray}/partition.metadata`, 25);
      files.rename(`/data/${stray}`, "/data/orders-0");
      const { broker, client } = await start();
      expect(await client.endOffset("orders")).toBe(3);
      expect(await client.produce("orders", ["d"])).toMatchObject({ baseOffset: 3 });
      await broker.close();
    }));

  test("is never adopted by a topic that is made under its name", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      files.copyFolder("/data/orders-0", "/data/ghost-0");
      const { broker, client } = await start();
      expect(straysOf(world, "ghost-0")).toHaveLength(1);
      await client.createTopic("ghost");
      expect(await client.endOffset("ghost")).toBe(0);
      expect(await client.endOffset("orders")).toBe(3);
      await broker.close();
    }));

  test("is not adopted where it appears while the broker runs", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      const { broker, client } = await start();
      files.copyFolder("/data/orders-0", "/data/ghost-0");
      await client.createTopic("ghost");
      expect(await client.endOffset("ghost")).toBe(0);
      expect(await client.produce("ghost", ["g"])).toMatchObject({ errorCode: 0, baseOffset: 0 });
      expect(straysOf(world, "ghost-0")).toHaveLength(1);
      await broker.close();
    }));

  test("with a name that nothing is made under is left where it is", () =>
    runWorld({}, async (world) => {
      const { files, platform, start } = world;
      await written(world);
      for (const name of ["please-do-not-delete", "orders-00", "notes"]) {
        platform.fileSystem.makeDirectory(`/data/${name}`);
        files.write(`/data/${name}/notes.txt`, new Uint8Array([1]));
      }
      await (await start()).broker.close();
      expect(files.names("/data")).toEqual(
        expect.arrayContaining(["notes", "orders-00", "please-do-not-delete"]),
      );
    }));
});

describe("a partition that was written and whose folder is missing", () => {
  test("is offline, with an error that names it, and not an empty log", () =>
    runWorld({}, async (world) => {
      const { files, start, told } = world;
      await written(world);
      files.removeFolder("/data/orders-0");
      for (let round = 0; round < 2; round++) {
        const { broker, client } = await start();
        expect(told).toContainEqual(
          expect.objectContaining({
            level: "error",
            event: "broker.partition-offline",
            topic: "orders",
            partition: 0,
            error: expect.objectContaining({ code: "LOG_MISSING" }),
          }),
        );
        expect(await partitionOf(client, "orders")).toMatchObject({
          errorCode: leaderNotAvailable,
          leaderId: -1,
        });
        expect(await client.produce("orders", ["d"])).toMatchObject({ errorCode: storageError });
        expect(await client.fetch("orders", 0)).toMatchObject({ errorCode: storageError });
        expect(await client.endOffset("orders")).toBe(-1);
        expect(files.names("/data")).not.toContain("orders-0");
        await broker.close();
      }
    }));

  test("can be deleted, and made anew", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      files.removeFolder("/data/orders-0");
      const { broker, client } = await start();
      await deleteTopic(client, "orders");
      await client.createTopic("orders");
      expect(await client.produce("orders", ["new"])).toMatchObject({ baseOffset: 0 });
      await broker.close();
    }));

  test("of the coordinators' topics refuses its groups, and no others", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      const first = await start();
      await first.client.createTopic("orders");
      for (const group of ["a", "b"]) await first.client.commitOffset(group, "orders", 7);
      await first.broker.close();
      files.removeFolder("/data/__consumer_offsets-1");
      const { broker, client } = await start();
      const answers = [await committed(client, "a"), await committed(client, "b")];
      expect(answers).toContainEqual({ errorCode: 0, offset: 7 });
      expect(answers).toContainEqual({ errorCode: coordinatorNotAvailable, offset: undefined });
      await broker.close();
    }));

  test("but one that was never written has none, and gets it with its first write", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      const first = await start();
      await first.client.createTopic("empty");
      await first.broker.close();
      expect(files.names("/data")).not.toContain("empty-0");
      const { broker, client } = await start();
      expect(await client.endOffset("empty")).toBe(0);
      expect(await client.produce("empty", ["a"])).toMatchObject({ errorCode: 0, baseOffset: 0 });
      await broker.close();
    }));

  test.each(["os", "group"] as const)(
    "is missed after a crash too, with durability %s",
    (durability) =>
      runWorld({ durability }, async (world) => {
        const { platform, files, start, told } = world;
        const first = await start();
        await first.client.createTopic("orders");
        await first.client.produce("orders", ["a"]);
        await platform.timers.sleep(2000);
        const noted = files.read("/data/recovery-point-offset-checkpoint");
        await first.broker.close();
        files.write("/data/recovery-point-offset-checkpoint", noted);
        platform.fileSystem.remove("/data/.kafka_cleanshutdown");
        files.removeFolder("/data/orders-0");
        const { broker } = await start();
        expect(told).toContainEqual(
          expect.objectContaining({ event: "broker.partition-offline", topic: "orders" }),
        );
        await broker.close();
      }),
  );
});

describe("a removed topic", () => {
  test("outlives its folder: one that resisted goes at the next start, and never comes back", () =>
    runWorld({}, async (world) => {
      const { files, gate, start, told } = world;
      await written(world);
      const first = await start();
      gate.resisting = /orders-0/;
      expect((await deleteTopic(first.client, "orders"))?.responses[0].errorCode).toBe(0);
      expect(told).toContainEqual(
        expect.objectContaining({ level: "error", event: "log.folder-resists" }),
      );
      await first.broker.close();
      const second = await start();
      expect(await second.client.endOffset("payments")).toBe(1);
      await second.client.createTopic("orders").catch(() => {});
      expect(await second.client.endOffset("orders")).not.toBe(3);
      await second.broker.close();
      gate.resisting = undefined;
      const third = await start();
      expect(straysOf(world)).toEqual([]);
      expect(await third.client.endOffset("orders")).toBe(0);
      await third.broker.close();
      expect(files.names("/data").filter((name) => name.includes("delete"))).toEqual([]);
    }));

  test.each([235, 236, 240, 249])("goes whole, with a name of %i characters", (length) =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      const name = "n".repeat(length);
      const neighbour = `${name.slice(0, -1)}m`;
      const first = await start();
      for (const topic of [name, neighbour]) {
        await first.client.createTopic(topic);
        await first.client.produce(topic, ["a"]);
      }
      await deleteTopic(first.client, name);
      await first.client.createTopic(name);
      expect(await first.client.endOffset(name)).toBe(0);
      await first.broker.close();
      const { broker, client } = await start();
      expect(await client.endOffset(name)).toBe(0);
      expect(await client.endOffset(neighbour)).toBe(1);
      expect(files.names("/data").filter((found) => found.includes("delete"))).toEqual([]);
      await broker.close();
    }),
  );

  test("leaves no offsets behind that a topic of its name would be judged by", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      const first = await start();
      const stale = files.read("/data/recovery-point-offset-checkpoint");
      await deleteTopic(first.client, "orders");
      await first.broker.close();
      files.write("/data/recovery-point-offset-checkpoint", stale);
      const second = await start();
      await second.client.createTopic("orders");
      expect(await second.client.produce("orders", ["a"])).toMatchObject({ errorCode: 0 });
      await second.broker.close();
    }));

  test.each(["memory", "os", "group", "strict"] as const)(
    "is told only once that is durable, with durability %s",
    (durability) =>
      runWorld({ durability }, async ({ platform, gate, start }) => {
        const { broker, client } = await start();
        await client.createTopic("orders");
        gate.shut();
        let isTold = false;
        const deleted = deleteTopic(client, "orders").then(() => (isTold = true));
        await platform.timers.sleep(10);
        expect(isTold).toBe(false);
        gate.open();
        await deleted;
        await broker.close();
      }),
  );
});

describe("the metadata", () => {
  test("are checked at every start: a flipped bit is an error, and touches no folder", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      const sound = files.read(metadataLog);
      const marker = files.read("/data/.kafka_cleanshutdown");
      const before = files.contents("/data/orders-0");
      const folders = files.names("/data");
      for (let position = 0; position < sound.length; position += 13) {
        files.flip(metadataLog, position);
        await expect(start(), `byte ${position}`).rejects.toMatchObject({ code: "LOG_CORRUPTED" });
        files.write(metadataLog, sound);
        files.write("/data/.kafka_cleanshutdown", marker);
        expect(files.names("/data")).toEqual(folders);
      }
      expect(files.contents("/data/orders-0")).toEqual(before);
      const { broker, client } = await start();
      expect(await client.endOffset("orders")).toBe(3);
      await broker.close();
    }));

  test("that are gone are missed, where no other folder is there too", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await (await start()).broker.close();
      files.removeFolder("/data/__cluster_metadata-0");
      await expect(start()).rejects.toMatchObject({ code: "METADATA_MISSING" });
      expect(files.names("/data")).not.toContain("__cluster_metadata-0");
    }));

  test("of another cluster are refused", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      const mine = new TextDecoder().decode(files.read("/data/meta.properties"));
      const other = mine
        .replace(/cluster.id=.*/, "cluster.id=Zm9yZWlnbi1jbHVzdGVyMQ")
        .replace(/directory.id=.*/, "directory.id=9d9d6be5-0f4b-4f5e-8d07-7a4c8e1f2a3b")
        .replace(/millrace.checksum=.*\n/, "");
      files.write("/data/meta.properties", new TextEncoder().encode(other));
      await expect(start()).rejects.toMatchObject({ code: "WRONG_CLUSTER" });
      expect(straysOf(world)).toEqual([]);
      files.write("/data/meta.properties", new TextEncoder().encode(mine));
      const { broker, client } = await start();
      expect(await client.endOffset("orders")).toBe(3);
      await broker.close();
    }));

  test("keep their cluster: a flipped bit anywhere in meta.properties is noticed", () =>
    runWorld({}, async (world) => {
      const { files, start } = world;
      await written(world);
      const sound = files.read("/data/meta.properties");
      for (let position = 0; position < sound.length; position += 5) {
        files.flip("/data/meta.properties", position, 0x04);
        await expect(start(), `byte ${position}`).rejects.toHaveProperty("code");
        files.write("/data/meta.properties", sound);
      }
      const { broker, client } = await start();
      expect(await client.endOffset("orders")).toBe(3);
      await broker.close();
    }));
});

describe("a coordinator's log", () => {
  test("is checked at every start: a flipped bit is an error, and no other offset", () =>
    runWorld({}, async (world) => {
      const { files, start, told } = world;
      const first = await start();
      await first.client.createTopic("orders");
      for (const group of ["a", "b"]) await first.client.commitOffset(group, "orders", 7);
      await first.broker.close();
      const log = "/data/__consumer_offsets-1/00000000000000000000.log";
      files.flip(log, files.read(log).length - 40);
      const { broker, client } = await start();
      const answers = [await committed(client, "a"), await committed(client, "b")];
      expect(answers).toContainEqual({ errorCode: 0, offset: 7 });
      expect(answers).toContainEqual({ errorCode: coordinatorNotAvailable, offset: undefined });
      expect(told).toContainEqual(
        expect.objectContaining({ level: "error", event: "broker.partition-offline" }),
      );
      await broker.close();
    }));
});

async function committed(client: TestClient, groupId: string) {
  const answer = await client.ask(offsetFetchApi, 5, {
    groupId,
    topics: [{ name: "orders", partitionIndexes: [0] }],
  });
  return {
    errorCode: answer?.errorCode,
    offset: answer?.errorCode === 0 ? answer.topics[0].partitions[0].committedOffset : undefined,
  };
}
