import { deleteTopicsApi } from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { decodeSnapshot } from "../metadata/snapshot-file.ts";
import { type BrokerWorld, runWorld } from "../../test-support/broker-world.ts";

const folder = "/data/__cluster_metadata-0";
const properties = {
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.num.partitions": 1,
  "metadata.log.max.record.bytes.between.snapshots": 500,
};
const checkMs = 1001;

const filesOf = ({ files }: BrokerWorld, ending: string) =>
  files.names(folder).filter((name) => name.endsWith(ending));

/** Topics that are made one after the other, with time for a snapshot after each. */
async function grow(world: BrokerWorld, from: number, to: number): Promise<void> {
  const { broker, client } = await world.start();
  for (let number = from; number < to; number++) {
    await client.createTopic(`topic-${number}`, 10);
    await world.platform.timers.sleep(checkMs);
  }
  await client.produce(`topic-${to - 1}`, ["a"]);
  await broker.close();
}

async function expectTopics(world: BrokerWorld, count: number): Promise<void> {
  const { broker, client } = await world.start();
  for (let number = 0; number < count; number++)
    expect(await client.endOffset(`topic-${number}`)).toBeGreaterThanOrEqual(0);
  await broker.close();
}

const worst = (world: BrokerWorld) =>
  world.told.filter(({ level }) => level === "warn" || level === "error");

describe("the metadata's log", () => {
  test("begins at the older of two snapshots, and a start reads the newer one and what follows", () =>
    runWorld({ properties }, async (world) => {
      await grow(world, 0, 12);
      const snapshots = filesOf(world, ".checkpoint");
      expect(snapshots).toHaveLength(2);
      expect(filesOf(world, ".log")[0].slice(0, 20)).toBe(snapshots[0].slice(0, 20));
      await expectTopics(world, 12);
      expect(worst(world)).toEqual([]);
    }));

  test("stays within a bound over many starts and changes", () =>
    runWorld({ properties }, async (world) => {
      const sizes: number[] = [];
      for (let round = 0; round < 4; round++) {
        const { broker, client } = await world.start();
        for (let count = 0; count < 8; count++) {
          await client.createTopic("gone", 20);
          await client.ask(deleteTopicsApi, 5, { topicNames: ["gone"], timeoutMs: 1000 });
          await world.platform.timers.sleep(checkMs);
        }
        await broker.close();
        sizes.push(
          filesOf(world, ".log").reduce(
            (sum, name) => sum + world.files.read(`${folder}/${name}`).length,
            0,
          ),
        );
      }
      expect(Math.max(...sizes)).toBeLessThan(1.5 * Math.min(...sizes));
      expect(worst(world)).toEqual([]);
    }));

  test("is written a snapshot of by time, where something has come", () =>
    runWorld(
      {
        properties: {
          ...properties,
          "metadata.log.max.record.bytes.between.snapshots": 1e6,
          "metadata.log.max.snapshot.interval.ms": 60_000,
        },
      },
      async (world) => {
        const { broker, client } = await world.start();
        await client.createTopic("topic-0");
        await world.platform.timers.sleep(50_000);
        expect(filesOf(world, ".checkpoint")).toHaveLength(0);
        await world.platform.timers.sleep(12_000);
        expect(filesOf(world, ".checkpoint")).toHaveLength(1);
        await world.platform.timers.sleep(120_000);
        expect(filesOf(world, ".checkpoint")).toHaveLength(1);
        await client.createTopic("topic-1");
        await world.platform.timers.sleep(62_000);
        expect(filesOf(world, ".checkpoint")).toHaveLength(2);
        await broker.close();
      },
    ));

  test("counts the starts of the broker on, which its leaders' epochs are", () =>
    runWorld({ properties }, async (world) => {
      for (let round = 0; round < 5; round++) {
        await grow(world, round, round + 1);
        const [newest] = filesOf(world, ".checkpoint").slice(-1);
        expect(newest).toContain(`-000000000${round}.checkpoint`);
      }
    }));
});

describe("a damaged snapshot of the metadata", () => {
  test("is told with file and place, and the one before it is read", () =>
    runWorld({ properties }, async (world) => {
      await grow(world, 0, 6);
      const newest = `${folder}/${filesOf(world, ".checkpoint")[1]}`;
      world.files.flip(newest, 200);
      await expectTopics(world, 6);
      expect(world.told).toContainEqual(
        expect.objectContaining({
          level: "error",
          event: "broker.metadata-snapshot-damaged",
          path: newest,
          reason: "the checksum does not match",
        }),
      );
      await grow(world, 6, 10);
      await expectTopics(world, 10);
      expect(filesOf(world, ".checkpoint")).toHaveLength(2);
    }));

  test("is noticed wherever a bit of it is another one, or its end is missing", () =>
    runWorld({ properties }, async (world) => {
      await grow(world, 0, 2);
      const name = filesOf(world, ".checkpoint")[1];
      const sound = world.files.read(`${folder}/${name}`);
      const seen = (bytes: Uint8Array) => {
        const records: unknown[] = [];
        const damage = decodeSnapshot(bytes, (record) => void records.push(record));
        return damage === undefined ? JSON.stringify(records) : undefined;
      };
      const expected = seen(sound);
      expect(expected).toContain("topic-1");
      const step = process.env["MILLRACE_VERIFY"] === "1" ? 1 : 7;
      for (let bit = 0; bit < 8 * sound.length; bit += step) {
        const bytes = Uint8Array.from(sound);
        bytes[bit >> 3] ^= 1 << (bit & 7);
        expect([undefined, expected], `bit ${bit}`).toContain(seen(bytes));
      }
      for (let size = 0; size < sound.length; size++)
        expect(seen(sound.subarray(0, size)), `${size} bytes`).toBeUndefined();
    }));

  test("is no loss while the log goes back to its beginning", () =>
    runWorld({ properties }, async (world) => {
      await grow(world, 0, 1);
      const [only] = filesOf(world, ".checkpoint");
      world.files.flip(`${folder}/${only}`, 200);
      await expectTopics(world, 1);
    }));

  test.each([["damaged"], ["gone"]])(
    "stops the start where all are %s, and nothing is changed",
    (how) =>
      runWorld({ properties }, async (world) => {
        await grow(world, 0, 6);
        const before = world.files.contents(folder);
        for (const name of filesOf(world, ".checkpoint"))
          if (how === "gone") world.platform.fileSystem.remove(`${folder}/${name}`);
          else world.files.flip(`${folder}/${name}`, 200);
        await expect(world.start()).rejects.toMatchObject({ code: "LOG_CORRUPTED" });
        await expect(world.start()).rejects.toMatchObject({ code: "LOG_CORRUPTED" });
        expect(Object.keys(world.files.contents("/data/topic-5-0"))).not.toEqual([]);
        for (const name of filesOf(world, ".log"))
          expect(world.files.contents(folder)[name]).toBe(before[name]);
      }),
  );

  test("that goes further than the log stops the start", () =>
    runWorld({ properties }, async (world) => {
      await grow(world, 0, 2);
      world.files.rename(
        `${folder}/${filesOf(world, ".checkpoint")[1]}`,
        `${folder}/00000000000000009999-0000000000.checkpoint`,
      );
      await expect(world.start()).rejects.toMatchObject({ code: "METADATA_MISSING" });
    }));
});
