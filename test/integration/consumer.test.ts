import { decodeUtf8 } from "@millrace/model";
import { json, string } from "@millrace/serde";
import { topic } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { committedOf, inClientWorld, send, take } from "./client-world.ts";

test("handles of topics bring their serdes, unless others are given", () =>
  inClientWorld(async ({ client }) => {
    const orders = topic("orders", { key: string(), value: json<{ total: number }>() });
    const archive = topic("archive", { key: string(), value: json<{ total: number }>() });
    await client.admin.createTopics([
      { name: "orders", partitionCount: 1 },
      { name: "archive", partitionCount: 1 },
    ]);
    const producer = client.producer(orders);
    await producer.send({ topic: orders, key: "ada", value: { total: 12 } });
    await producer.send({ topic: archive, key: "bob", value: { total: 7 } });
    const consumer = client.consumer({ topics: [orders, archive], autoOffsetReset: "earliest" });
    const seen = new Map<string | null, number | undefined>();
    for await (const { key, value } of consumer) {
      seen.set(key, value?.total);
      if (seen.size === 2) break;
    }
    expect(Object.fromEntries(seen)).toEqual({ ada: 12, bob: 7 });
    const texts = client.consumer<string, never>({
      topics: [orders as never],
      value: string() as never,
      autoOffsetReset: "earliest",
    });
    for await (const { key, value } of texts) {
      expect([key, value]).toEqual(["ada", '{"total":12}']);
      break;
    }
  }));

describe("what a consumer commits", () => {
  test("the loop that Producer documents writes each record's output once, wherever it is left", () =>
    inClientWorld(async ({ client, connect }) => {
      await client.admin.createTopics([
        { name: "in", partitionCount: 1 },
        { name: "out", partitionCount: 1 },
      ]);
      await send(client, "in", ["1", "2", "3", "4", "5"]);
      const work = async (count: number): Promise<void> => {
        const own = connect();
        const producer = own.producer({ transactionalId: "billing" });
        const consumer = own.consumer({
          groupId: "billing",
          topics: ["in"],
          autoOffsetReset: "earliest",
          autoCommitInterval: 0,
        });
        let left = count;
        for await (const { value } of consumer) {
          await producer.transaction(async () => {
            await producer.send({ topic: "out", value });
            await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
          });
          if (--left === 0) break;
        }
        await own.close();
      };
      for (const count of [1, 2, 2]) await work(count);
      const reader = client.consumer({ topics: ["out"], autoOffsetReset: "earliest" });
      expect(await take(reader, 5)).toEqual(["1", "2", "3", "4", "5"]);
      expect(await committedOf(client, "billing", "in")).toBe(5);
    }));

  test("an explicit commit includes the record at hand, the automatic one does not", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1", "2", "3"]);
      const consumer = client.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 10,
      });
      const committed = () => committedOf(client, "g", "t");
      for await (const { offset } of consumer) {
        if (offset === 1) await consumer.commit();
        if (offset === 1) expect(await committed()).toBe(2);
        if (offset === 2) await platform.timers.sleep(100);
        if (offset === 3) {
          await consumer.close();
          expect(await committed()).toBe(3);
        }
      }
    }));

  test("the automatic commit does not go back behind an explicit one, when it closes neither", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1", "2", "3"]);
      const consumer = client.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 10,
      });
      for await (const { topic, partition, offset } of consumer) {
        if (offset < 2) continue;
        await consumer.commit([{ topic, partition, offset: offset + 1 }]);
        await platform.timers.sleep(100);
        expect(await committedOf(client, "g", "t")).toBe(3);
        break;
      }
      await consumer.close();
      expect(await committedOf(client, "g", "t")).toBe(3);
    }));

  test("a client that is closed lets its consumers commit and leave first", () =>
    inClientWorld(async ({ client, connect }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1", "2", "3"]);
      const own = connect();
      const consumer = own.consumer({ groupId: "g", topics: ["t"], autoOffsetReset: "earliest" });
      const seen: string[] = [];
      for await (const { value } of consumer) {
        seen.push(decodeUtf8(value ?? new Uint8Array()));
        if (seen.length === 4) await own.close();
      }
      expect(await committedOf(client, "g", "t")).toBe(3);
      expect((await client.admin.describeGroup("g")).members).toEqual([]);
    }));

  test("what is committed passes the ends of transactions, so that nothing seems to be left", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      const producer = client.producer({ transactionalId: "id" });
      const dropped = new Error("dropped");
      const write = async (value: string): Promise<void> => {
        const sent = producer.transaction(async () => {
          await producer.send({ topic: "t", value });
          if (value === "no") throw dropped;
        });
        if (value === "no") await expect(sent).rejects.toBe(dropped);
        else await sent;
      };
      for (const value of ["yes", "no"]) await write(value);
      const consumer = client.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 100,
      });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { value } of consumer) seen.push(decodeUtf8(value ?? new Uint8Array()));
      })();
      await platform.timers.sleep(3000);
      expect(seen).toEqual(["yes"]);
      const [{ offset: end }] = await client.admin.listOffsets([
        { topic: "t", partition: 0, at: "latest" },
      ]);
      expect(end).toBe(4);
      expect(await committedOf(client, "g", "t")).toBe(4);
      await write("no");
      await platform.timers.sleep(3000);
      expect(await committedOf(client, "g", "t")).toBe(6);
      await consumer.close();
      await reading;
    }));

  test("where a consumer begins is committed before it has read anything", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1"]);
      const consumer = client.consumer({ groupId: "g", topics: ["t"], autoCommitInterval: 100 });
      const reading = take(consumer, 1);
      await platform.timers.sleep(2000);
      await consumer.close();
      await reading;
      await send(client, "t", ["2"]);
      const next = client.consumer({ groupId: "g", topics: ["t"] });
      expect(await take(next, 1)).toEqual(["2"]);
    }));

  test("the automatic commit survives a long outage", () =>
    inClientWorld(async ({ client, connect, platform, stopBroker, startBroker }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1"]);
      const own = connect({ apiTimeout: "1s", requestTimeout: "500ms" });
      const consumer = own.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 200,
        sessionTimeout: 6000,
      });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { value } of consumer) {
          seen.push(decodeUtf8(value ?? new Uint8Array()));
          if (seen.length === 2) await stopBroker();
        }
      })();
      await platform.timers.sleep(20_000);
      await startBroker();
      await send(client, "t", ["2"]);
      await platform.timers.sleep(20_000);
      expect(seen).toContain("2");
      expect(await committedOf(client, "g", "t")).toBe(3);
      await consumer.close();
      await reading;
    }));
});

describe("where a consumer reads on", () => {
  test.each([{ groupId: "g" }, {}])(
    "seek and pause count before the first record is asked for (%o)",
    (options) =>
      inClientWorld(async ({ client, platform }) => {
        await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
        for (const partition of [0, 1]) await send(client, "t", ["0", "1", "2"], partition);
        const consumer = client.consumer({
          ...options,
          topics: ["t"],
          autoOffsetReset: "earliest",
        });
        consumer.seek({ topic: "t", partition: 0 }, 2);
        consumer.pause({ topic: "t", partition: 1 });
        const seen: string[] = [];
        const reading = (async () => {
          for await (const { partition, offset } of consumer) seen.push(`${partition}:${offset}`);
        })();
        await platform.timers.sleep(3000);
        expect(seen).toEqual(["0:2"]);
        consumer.resume({ topic: "t", partition: 1 });
        await platform.timers.sleep(3000);
        expect(seen).toEqual(["0:2", "1:0", "1:1", "1:2"]);
        await consumer.close();
        await reading;
      }),
  );

  test.each(["earliest", "latest"] as const)(
    "an offset beyond the end goes to the %s one, and the log says so",
    (autoOffsetReset) =>
      inClientWorld(async ({ client, platform, lines }) => {
        await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
        await send(client, "t", ["0", "1"]);
        const consumer = client.consumer({ topics: ["t"], autoOffsetReset });
        consumer.seek({ topic: "t", partition: 0 }, 77);
        const reading = take(consumer, autoOffsetReset === "earliest" ? 3 : 1);
        await platform.timers.sleep(3000);
        await send(client, "t", ["2"]);
        expect(await reading).toEqual(autoOffsetReset === "earliest" ? ["0", "1", "2"] : ["2"]);
        expect(lines).toContainEqual({
          level: "warn",
          event: "client.offset-reset",
          fields: expect.objectContaining({
            topic: "t",
            partition: 0,
            offset: 77,
            to: autoOffsetReset === "earliest" ? 0 : 2,
            skipped: 0,
          }),
        });
      }),
  );

  test("offsets that were deleted are skipped, and the log says how many", () =>
    inClientWorld(async ({ client, lines }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1", "2", "3"]);
      await client.admin.deleteRecords([{ topic: "t", partition: 0, offset: 3 }]);
      const consumer = client.consumer({ topics: ["t"], autoOffsetReset: "earliest" });
      consumer.seek({ topic: "t", partition: 0 }, 1);
      expect(await take(consumer, 1)).toEqual(["3"]);
      expect(lines.find(({ event }) => event === "client.offset-reset")?.fields).toMatchObject({
        offset: 1,
        to: 3,
        skipped: 2,
      });
    }));

  test("without a reset policy an offset that is not there is an error, each time until it is mended", () =>
    inClientWorld(async ({ client }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0"]);
      const consumer = client.consumer({ topics: ["t"], autoOffsetReset: "none" });
      await expect(take(consumer, 1)).rejects.toMatchObject({ code: "OFFSET_OUT_OF_RANGE" });
      consumer.seek({ topic: "t", partition: 0 }, 5);
      for (let attempt = 0; attempt < 2; attempt++)
        await expect(take(consumer, 1)).rejects.toMatchObject({
          code: "OFFSET_OUT_OF_RANGE",
          offset: 5,
          startOffset: 0,
          endOffset: 1,
        });
      consumer.seek({ topic: "t", partition: 0 }, 0);
      expect(await take(consumer, 1)).toEqual(["0"]);
    }));
});

describe.each([{ groupId: "g" }, {}])("topics that come and go (%o)", (options) => {
  test("one that is deleted does not end the reading of the others", () =>
    inClientWorld(async ({ client, platform, lines }) => {
      await client.admin.createTopics(["a", "b"].map((name) => ({ name, partitionCount: 1 })));
      const consumer = client.consumer({
        ...options,
        topics: ["a", "b"],
        autoOffsetReset: "earliest",
      });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { value } of consumer) seen.push(decodeUtf8(value ?? new Uint8Array()));
      })();
      await send(client, "a", ["a0"]);
      await send(client, "b", ["b0"]);
      await platform.timers.sleep(3000);
      await client.admin.deleteTopics(["a"]);
      for (let index = 1; index < 8; index++) {
        await send(client, "b", [`b${index}`]);
        await platform.timers.sleep(3000);
      }
      expect(seen.toSorted()).toEqual(["a0", "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"]);
      expect(lines.filter(({ level }) => level === "warn").length).toBeGreaterThan(0);
      // Made anew: a new topic, read by the reset policy.
      await client.admin.createTopics([{ name: "a", partitionCount: 2 }]);
      await send(client, "a", ["again"]);
      await platform.timers.sleep(15_000);
      expect(seen.at(-1)).toBe("again");
      await consumer.close();
      await reading;
    }));

  test("one that is made anew at once is read on by the reset policy", () =>
    inClientWorld(async ({ client, platform, lines }) => {
      await client.admin.createTopics([{ name: "a", partitionCount: 1 }]);
      await send(client, "a", ["0", "1", "2"]);
      const consumer = client.consumer({ ...options, topics: ["a"], autoOffsetReset: "earliest" });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { value } of consumer) seen.push(decodeUtf8(value ?? new Uint8Array()));
      })();
      await platform.timers.sleep(3000);
      await client.admin.deleteTopics(["a"]);
      await client.admin.createTopics([{ name: "a", partitionCount: 1 }]);
      await send(client, "a", ["new"]);
      await platform.timers.sleep(15_000);
      expect(seen).toEqual(["0", "1", "2", "new"]);
      expect(
        lines.filter(
          ({ event }) => event === "client.topic-recreated" || event === "client.topics-missing",
        ),
      ).not.toEqual([]);
      await consumer.close();
      await reading;
    }));

  test("one that is not there yet is said within seconds, and read once it is", () =>
    inClientWorld(async ({ client, platform, lines }) => {
      await client.admin.createTopics([{ name: "there", partitionCount: 1 }]);
      await send(client, "there", ["here"]);
      const consumer = client.consumer({
        ...options,
        topics: ["there", "later"],
        autoOffsetReset: "earliest",
      });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { value } of consumer) seen.push(decodeUtf8(value ?? new Uint8Array()));
      })();
      await platform.timers.sleep(5000);
      expect(seen).toEqual(["here"]);
      expect(lines).toContainEqual({
        level: "warn",
        event: "client.topics-missing",
        fields: expect.objectContaining({ topics: "later" }),
      });
      await platform.timers.sleep(600_000);
      await client.admin.createTopics([{ name: "later", partitionCount: 1 }]);
      await send(client, "later", ["now"]);
      await platform.timers.sleep(15_000);
      expect(seen).toEqual(["here", "now"]);
      await consumer.close();
      await reading;
    }));

  test("partitions that are added are read within metadataMaxAge", () =>
    inClientWorld(async ({ client, connect, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      const own = connect({ metadataMaxAge: "20s" });
      const consumer = own.consumer({ ...options, topics: ["t"], autoOffsetReset: "earliest" });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { partition } of consumer) seen.push(`${partition}`);
      })();
      await send(client, "t", ["x"]);
      await platform.timers.sleep(5000);
      await client.admin.createPartitions([{ name: "t", partitionCount: 3 }]);
      for (const partition of [1, 2]) await send(connect(), "t", ["x"], partition);
      await platform.timers.sleep(30_000);
      expect(seen.toSorted()).toEqual(["0", "1", "2"]);
      await consumer.close();
      await reading;
    }));
});

describe("a record that cannot be read", () => {
  test("is told by name with how to skip it, after those before it", () =>
    inClientWorld(async ({ client, connect }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1"]);
      await using zipped = client.producer({ compression: "gzip" });
      await zipped.send({ topic: "t", value: "2" });
      await send(client, "t", ["3"]);
      const broken = connect({
        codecs: {
          compress: (_, bytes) => bytes,
          decompress: () => {
            throw new Error("bad bytes");
          },
        },
      });
      const consumer = broken.consumer({ topics: ["t"], autoOffsetReset: "earliest" });
      const seen: string[] = [];
      const read = async (): Promise<void> => {
        for await (const { value } of consumer) {
          seen.push(decodeUtf8(value ?? new Uint8Array()));
          if (seen.length === 3) return;
        }
      };
      for (let attempt = 0; attempt < 2; attempt++)
        await expect(read()).rejects.toMatchObject({ code: "BATCH_UNREADABLE", nextOffset: 3 });
      expect(seen).toEqual(["0", "1"]);
      consumer.seek({ topic: "t", partition: 0 }, 3);
      await read();
      expect(seen).toEqual(["0", "1", "3"]);
    }));
});

describe("a reader of the port", () => {
  test("says within seconds that a topic is gone, and tells it after ten", () =>
    inClientWorld(async ({ client, platform, lines }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 3 }]);
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([0, 1, 2].map((partition) => ({ topic: "t", partition, offset: 0 })));
      expect(await reader.poll({ waitMsMax: 1000 })).toEqual([]);
      await client.admin.deleteTopics(["t"]);
      const startMs = platform.clock.monotonicMs();
      await reader.poll({ waitMsMax: 4000 });
      expect(lines.filter(({ event }) => event === "client.partitions-missing")).toEqual([
        {
          level: "warn",
          event: "client.partitions-missing",
          fields: expect.objectContaining({ topics: "t" }),
        },
      ]);
      await expect(reader.poll({ waitMsMax: 60_000 })).rejects.toMatchObject({
        code: "TOPIC_NOT_FOUND",
      });
      expect(platform.clock.monotonicMs() - startMs).toBeLessThan(15_000);
      expect(lines.filter(({ event }) => event === "client.partitions-missing")).toHaveLength(1);
    }));
});
