import { connect, type Consumer, type KafkaClient } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const patience = { timeout: 30_000, interval: 100 };

/** How a consumer goes on, on every cluster; `address` is asked once the cluster is there. */
export function consumerStories(address: () => string): void {
  let client: KafkaClient;

  const connectTo = (): KafkaClient =>
    connect(nodePlatform({ logLevel: "error" }), {
      bootstrapServers: address(),
      codecs: nodeCompression,
      metadataMaxAge: "2s",
    });

  beforeAll(() => {
    client = connectTo();
  });

  afterAll(() => client.close());

  const createTopic = async (name: string, partitionCount = 1): Promise<void> => {
    const results = await client.admin.createTopics([{ name, partitionCount }]);
    expect(results).toEqual([{ name, error: undefined }]);
  };

  const send = async (topic: string, values: readonly string[], partition = 0): Promise<void> => {
    await using producer = client.producer();
    for (const value of values) await producer.send({ topic, partition, value });
  };

  const endOf = async (topic: string): Promise<number> =>
    (await client.admin.listOffsets([{ topic, partition: 0, at: "latest" }]))[0].offset;

  const committedOf = async (groupId: string, topic: string): Promise<number | undefined> => {
    const membership = client.openMembership({ groupId, assignors: [], topics: () => [] });
    const [found] = await membership.committed([{ topic, partition: 0 }]);
    await membership.close();
    return found?.offset;
  };

  describe("a consumer", () => {
    test("in the loop that Producer documents writes each record's output once", async () => {
      await createTopic("loop-in");
      await createTopic("loop-out");
      await send("loop-in", ["1", "2", "3", "4", "5"]);
      for (const count of [1, 2, 2]) {
        await using own = connectTo();
        const producer = own.producer({ transactionalId: "loop" });
        const consumer = own.consumer({
          groupId: "loop",
          topics: ["loop-in"],
          autoOffsetReset: "earliest",
          autoCommitInterval: 0,
        });
        let left = count;
        for await (const { value } of consumer) {
          await producer.transaction(async () => {
            await producer.send({ topic: "loop-out", value });
            await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
          });
          if (--left === 0) break;
        }
      }
      await send("loop-out", ["end"]);
      const reader = client.consumer({ topics: ["loop-out"], autoOffsetReset: "earliest" });
      expect(await untilEnd(reader)).toEqual(["1", "2", "3", "4", "5"]);
    });

    test("commits behind the ends of transactions, so that nothing seems to be left", async () => {
      await createTopic("lag");
      const producer = client.producer({ transactionalId: "lag" });
      const dropped = new Error("dropped");
      for (const value of ["yes", "no"])
        await producer
          .transaction(async () => {
            await producer.send({ topic: "lag", value });
            if (value === "no") throw dropped;
          })
          .catch((error: unknown) => expect(error).toBe(dropped));
      const consumer = client.consumer({
        groupId: "lag",
        topics: ["lag"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 100,
      });
      const seen: string[] = [];
      const reading = collect(consumer, seen);
      await expect.poll(() => committedOf("lag", "lag"), patience).toBe(4);
      expect(await endOf("lag")).toBe(4);
      await consumer.close();
      await reading;
      expect(seen).toEqual(["yes"]);
    });

    test("goes by its reset policy from offsets that are not there", async () => {
      await createTopic("reset");
      await send("reset", ["0", "1", "2"]);
      await client.admin.deleteRecords([{ topic: "reset", partition: 0, offset: 2 }]);
      for (const offset of [0, 77]) {
        await using consumer = client.consumer({ topics: ["reset"], autoOffsetReset: "earliest" });
        consumer.seek({ topic: "reset", partition: 0 }, offset);
        for await (const record of consumer) {
          expect(record.offset).toBe(2);
          break;
        }
      }
      await using strict = client.consumer({ topics: ["reset"], autoOffsetReset: "none" });
      strict.seek({ topic: "reset", partition: 0 }, 0);
      await expect(strict[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: "OFFSET_OUT_OF_RANGE",
        startOffset: 2,
        endOffset: 3,
      });
    });

    test.each(["alone", "in a group"])(
      "%s reads on while topics come, grow, go, and are made anew",
      async (how) => {
        const prefix = how === "alone" ? "alone" : "group";
        const [kept, moving] = [`${prefix}-kept`, `${prefix}-moving`];
        await createTopic(kept);
        const consumer = client.consumer({
          ...(how === "alone" ? {} : { groupId: prefix }),
          topics: [kept, moving],
          autoOffsetReset: "earliest",
          heartbeatInterval: 200,
        });
        const seen: string[] = [];
        const reading = collect(consumer, seen);
        const sees = async (value: string): Promise<void> => {
          await expect.poll(() => seen, patience).toContain(value);
        };
        await send(kept, ["first"]);
        await sees("first");
        await createTopic(moving);
        await send(moving, ["late"]);
        await sees("late");
        await client.admin.createPartitions([{ name: moving, partitionCount: 2 }]);
        await send(moving, ["grown"], 1);
        await sees("grown");
        await client.admin.deleteTopics([moving]);
        await send(kept, ["second"]);
        await sees("second");
        await expect
          .poll(async () => {
            const [{ error }] = await client.admin.createTopics([
              { name: moving, partitionCount: 1 },
            ]);
            return error;
          }, patience)
          .toBeUndefined();
        await send(moving, ["anew"]);
        await sees("anew");
        await consumer.close();
        await reading;
        expect(seen).toEqual(["first", "late", "grown", "second", "anew"]);
      },
      90_000,
    );
  });
}

async function collect(consumer: Consumer, seen: string[]): Promise<void> {
  for await (const { value } of consumer) seen.push(new TextDecoder().decode(value ?? undefined));
}

async function untilEnd(consumer: Consumer): Promise<readonly string[]> {
  const values: string[] = [];
  for await (const { value } of consumer) {
    const text = new TextDecoder().decode(value ?? undefined);
    if (text === "end") break;
    values.push(text);
  }
  await consumer.close();
  return values;
}
