import { UnreadableBatchError, type BatchReader } from "@millrace/cluster";
import { concatBytes, decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import { type Decoded } from "@millrace/protocol";
import { fetchApi, listOffsetsApi, type fetchRequest } from "@millrace/protocol/definitions";
import {
  encodeEndTransactionMarker,
  RecordBatchBuilder,
  updateCrc,
} from "@millrace/protocol/records";
import { nodeCompression } from "@millrace/protocol/compression";
import { describe, expect, test } from "vitest";
import {
  ScriptedBroker,
  scriptedCluster,
  type ScriptedTopic,
} from "../../test-support/scripted-broker.ts";
import { addressName } from "../connection/bootstrap-servers.ts";
import type { ConnectOptions } from "../connect-options.ts";
import { connect, type KafkaClient } from "../kafka-client.ts";

const topicId = "AAAAAAAAAAAAAAAAAAAABA";
type FetchBody = Decoded<typeof fetchRequest>;

function batch(baseOffset: number, values: readonly string[], producerId = -1): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const value of values) builder.append(0, null, encodeUtf8(value), noHeaders);
  const isTransactional = producerId >= 0;
  const producerEpoch = isTransactional ? 0 : -1;
  return builder.build({
    baseOffset,
    producerId,
    producerEpoch,
    baseSequence: isTransactional ? 0 : -1,
    isTransactional,
  });
}

interface Given {
  readonly records?: Uint8Array;
  readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: number };
  readonly errorCode?: number;
  readonly aborted?: readonly { readonly producerId: number; readonly firstOffset: number }[];
}

async function play(
  leaders: number[],
  answers: (partition: number, fetchOffset: number) => Given | undefined,
  story: (scene: {
    readonly platform: VirtualMemoryPlatform;
    readonly broker: ScriptedBroker;
    readonly topic: ScriptedTopic;
    readonly reader: BatchReader;
    readonly openReader: (options: Partial<ConnectOptions>) => BatchReader;
    readonly deleteTopic: () => void;
    readonly remakeTopic: () => void;
  }) => Promise<void>,
): Promise<void> {
  const platform = memoryPlatform();
  const topic: ScriptedTopic = { name: "t", topicId, leaders };
  const cluster = scriptedCluster([topic]);
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  const session = new Map<number, number>();
  broker.on(fetchApi, async (body) => {
    if (body.sessionEpoch <= 0) session.clear();
    for (const { partitions } of body.forgottenTopicsData)
      for (const partition of partitions) session.delete(partition);
    for (const { partitions } of body.topics)
      for (const { partition, fetchOffset } of partitions) session.set(partition, fetchOffset);
    const rows = [...session].flatMap(([partitionIndex, fetchOffset]) => {
      const given = answers(partitionIndex, fetchOffset);
      return given === undefined ? [] : [{ partitionIndex, ...given }];
    });
    if (rows.length === 0) await platform.timers.sleep(body.maxWaitMs);
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      sessionId: 77,
      responses:
        rows.length === 0
          ? []
          : [
              {
                topicId,
                partitions: rows.map(
                  ({ partitionIndex, records, errorCode = 0, aborted, ...rest }) => ({
                    ...rest,
                    partitionIndex,
                    errorCode,
                    highWatermark: 100,
                    lastStableOffset: 90,
                    abortedTransactions: aborted ?? null,
                    records: records ?? null,
                  }),
                ),
              },
            ],
    };
  });
  broker.on(listOffsetsApi, ({ topics }) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, timestamp }) => ({
        partitionIndex,
        errorCode: 0,
        timestamp: -1,
        offset: timestamp === -2 ? 10 : 90,
      })),
    })),
  }));
  const client = connect(platform, {
    bootstrapServers: addressName(broker.address),
    codecs: nodeCompression,
  });
  const reader = client.openReader({ isolation: "read_committed" });
  const others: KafkaClient[] = [];
  const openReader = (options: Partial<ConnectOptions>): BatchReader => {
    const other = connect(platform, {
      bootstrapServers: addressName(broker.address),
      ...options,
    });
    others.push(other);
    return other.openReader({ isolation: "read_committed" });
  };
  const deleteTopic = () => void cluster.topics.delete("t");
  const remakeTopic = () =>
    void cluster.topics.set("t", { ...topic, topicId: "AAAAAAAAAAAAAAAAAAAABQ" });
  await platform.until(
    (async () => {
      await story({ platform, broker, topic, reader, openReader, deleteTopic, remakeTopic });
      for (const one of [...others, client]) await one.close();
    })(),
  );
}

async function values(reader: BatchReader): Promise<readonly string[]> {
  const found: string[] = [];
  for (const one of await reader.poll({ waitMsMax: 2000 })) {
    while (one.next()) found.push(`${one.offset}:${decodeUtf8(one.value ?? new Uint8Array())}`);
    one.release();
  }
  return found;
}

describe("a reader", () => {
  test("CLIENT-2: begins within a batch, and gives each record once", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset === 2) return { records: batch(0, ["a", "b", "c", "d"]) };
        return fetchOffset === 4
          ? { records: concatBytes(batch(4, ["e"]), batch(7, ["f"])) }
          : undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 2 }]);
        expect(await values(reader)).toEqual(["2:c", "3:d"]);
        expect(await values(reader)).toEqual(["4:e", "7:f"]);
        expect(reader.position({ topic: "t", partition: 0 })).toBe(8);
        expect(reader.endOffset({ topic: "t", partition: 0 })).toBe(90);
      },
    ));

  test("passes over aborted transactions and their markers", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset !== 0) return undefined;
        const marker = (outcome: "commit" | "abort", producerId: number, baseOffset: number) =>
          encodeEndTransactionMarker({
            outcome,
            producerId,
            producerEpoch: 0,
            coordinatorEpoch: 0,
            timestamp: 0,
            baseOffset,
          });
        const records = concatBytes(
          batch(0, ["no"], 1),
          batch(1, ["yes"], 2),
          marker("abort", 1, 2),
          marker("commit", 2, 3),
          batch(4, ["later"], 1),
          marker("commit", 1, 5),
        );
        return { records, aborted: [{ producerId: 1, firstOffset: 0 }] };
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        expect(await values(reader)).toEqual(["1:yes", "4:later"]);
        expect(reader.position({ topic: "t", partition: 0 })).toBe(6);
      },
    ));

  test("asks in a session: later requests name what has changed alone", () =>
    play(
      [1, 1],
      (partition, fetchOffset) =>
        partition === 1 && fetchOffset < 3 ? { records: batch(fetchOffset, ["x"]) } : undefined,
      async ({ reader, broker }) => {
        reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 0 })));
        for (let count = 0; count < 3;) count += (await values(reader)).length;
        const asked = broker.of("Fetch").map(({ body }) => body as FetchBody);
        const named = asked.map(
          ({ topics }) => topics.flatMap(({ partitions }) => partitions.length)[0] ?? 0,
        );
        expect(named.slice(0, 3)).toEqual([2, 1, 1]);
        expect(
          asked.slice(0, 3).map(({ sessionId, sessionEpoch }) => [sessionId, sessionEpoch]),
        ).toEqual([
          [0, 0],
          [77, 1],
          [77, 2],
        ]);
      },
    ));

  test("a new position does not wait for the long poll under way", () =>
    play(
      [1, 1],
      (partition, fetchOffset) =>
        partition === 1 && fetchOffset === 0 ? { records: batch(0, ["x"]) } : undefined,
      async ({ reader, platform }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await reader.poll({ waitMsMax: 100 });
        const startMs = platform.clock.monotonicMs();
        reader.assign([{ topic: "t", partition: 1, offset: 0 }]);
        expect(await values(reader)).toEqual(["0:x"]);
        expect(platform.clock.monotonicMs() - startMs).toBeLessThan(50);
      },
    ));

  test("a held back partition gives nothing until it is resumed, also after a seek", () =>
    play(
      [1],
      (_, fetchOffset) => (fetchOffset < 1 ? { records: batch(0, ["x"]) } : undefined),
      async ({ reader }) => {
        const partition = { topic: "t", partition: 0 };
        reader.assign([{ ...partition, offset: 0 }]);
        reader.pause(partition);
        reader.assign([{ ...partition, offset: 0 }]);
        expect(await values(reader)).toEqual([]);
        reader.resume(partition);
        expect(await values(reader)).toEqual(["0:x"]);
      },
    ));

  test("a topic that is made anew is told, not read as if it were the old one", () =>
    play(
      [1],
      (_, fetchOffset) => (fetchOffset === 0 ? { records: batch(0, ["x"]) } : { errorCode: 100 }),
      async ({ reader, remakeTopic }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        expect(await values(reader)).toEqual(["0:x"]);
        remakeTopic();
        await expect(reader.poll({ waitMsMax: 5000 })).rejects.toMatchObject({
          code: "TOPIC_RECREATED",
          topic: "t",
          partition: 0,
          message: expect.stringContaining("made anew"),
        });
      },
    ));

  test("a topic that is gone for ten seconds is told", () =>
    play(
      [1],
      () => ({ errorCode: 3 }),
      async ({ reader, deleteTopic, platform }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await reader.poll({ waitMsMax: 100 });
        deleteTopic();
        const startMs = platform.clock.monotonicMs();
        await expect(reader.poll({ waitMsMax: 60_000 })).rejects.toMatchObject({
          code: "TOPIC_NOT_FOUND",
        });
        expect(platform.clock.monotonicMs() - startMs).toBeLessThan(15_000);
      },
    ));
});

interface Damage {
  readonly what: string;
  /** The first record that it makes unreadable. */
  readonly from: number;
  /** The end that the batch claims. Default 4. */
  readonly end?: number;
  /** What it does to a batch of three records at offset 1. */
  readonly damage: (bytes: Uint8Array) => unknown;
  readonly isSeenByCrc?: boolean;
}

const damages: readonly Damage[] = [
  {
    what: "does not match its checksum",
    from: 1,
    damage: (bytes) => (bytes[bytes.length - 1] ^= 1),
    isSeenByCrc: true,
  },
  { what: "has an unknown compression", from: 1, damage: (bytes) => (bytes[22] |= 5) },
  { what: "is not what its codec makes", from: 1, damage: (bytes) => (bytes[22] |= 1) },
  { what: "claims more records than it has", from: 4, damage: (bytes) => (bytes[60] = 9) },
  { what: "claims fewer records than it has", from: 2, damage: (bytes) => (bytes[60] = 1) },
  { what: "claims less than no records", from: 1, damage: (bytes) => (bytes[57] = 0xff) },
  {
    what: "has a record with less than no headers",
    from: 3,
    damage: (bytes) => (bytes[bytes.length - 1] = 3),
  },
  {
    what: "has a record beyond its last offset",
    from: 2,
    end: 2,
    damage: (bytes) => (bytes[26] = 0),
  },
];

describe("what cannot be read", () => {
  test.each(damages)(
    "a batch that $what is told in its place; what lies before and behind it is given",
    ({ from, end = 4, damage, isSeenByCrc }) => {
      const damaged = batch(1, ["b", "c", "d"]);
      damage(damaged);
      if (isSeenByCrc !== true) updateCrc(damaged, 0);
      return play(
        [1],
        (_partition, fetchOffset) => {
          const last = batch(4, ["e"]);
          if (fetchOffset === 0) return { records: concatBytes(batch(0, ["a"]), damaged, last) };
          return fetchOffset === 4 ? { records: last } : undefined;
        },
        async ({ reader }) => {
          reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
          const given: number[] = [];
          const told: UnreadableBatchError[] = [];
          while (given.at(-1) !== 4) {
            for (const one of await reader.poll({ waitMsMax: 2000 })) {
              try {
                while (one.next()) given.push(one.offset);
              } catch (error) {
                told.push(error as UnreadableBatchError);
                expect(() => one.next()).toThrow(told[0]);
              }
              one.release();
            }
          }
          expect(given).toEqual([0, ...[1, 2, 3].filter((at) => at < from), 4]);
          expect(told).toHaveLength(1);
          expect(told[0]).toBeInstanceOf(UnreadableBatchError);
          expect(told[0]).toMatchObject({
            code: "BATCH_UNREADABLE",
            topic: "t",
            partition: 0,
            offset: from,
            nextOffset: end,
            bytes: damaged,
          });
          expect(told[0].message).toContain(`To skip it, go on from offset ${end}`);
          expect(reader.position({ topic: "t", partition: 0 })).toBe(5);
        },
      );
    },
  );

  test("a damaged end of a batch makes no reader pass over what follows it", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset === 0) {
          const damaged = batch(0, ["a"]);
          damaged[24] = 0x7f;
          return { records: damaged };
        }
        return fetchOffset === 1 ? { records: batch(1, ["b"]) } : undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        const [first] = await reader.poll({ waitMsMax: 1000 });
        expect(() => first.next()).toThrow(expect.objectContaining({ nextOffset: 1 }));
        first.release();
        expect(await values(reader)).toEqual(["1:b"]);
      },
    ));

  test("bytes that are no batches are told, and end nothing else", () =>
    play(
      [1],
      (_, fetchOffset) =>
        fetchOffset === 0 ? { records: new Uint8Array(100).fill(7) } : undefined,
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await expect(values(reader)).rejects.toMatchObject({ code: "BATCH_UNREADABLE" });
        reader.assign([{ topic: "t", partition: 0, offset: 5 }]);
        expect(await values(reader)).toEqual([]);
      },
    ));

  test("a missing codec is told as that: it is no fault of the batch", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset > 0) return undefined;
        const zipped = new RecordBatchBuilder();
        zipped.append(0, null, encodeUtf8("a"), noHeaders);
        return {
          records: zipped.build({ baseOffset: 0, compression: "gzip", codecs: nodeCompression }),
        };
      },
      async ({ openReader }) => {
        const reader = openReader({ codecs: undefined });
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await expect(values(reader)).rejects.toMatchObject({
          code: "UNSUPPORTED_COMPRESSION_TYPE",
        });
      },
    ));

  test("an offset out of range is told with the bounds of the log, and ends no other partition", () =>
    play(
      [1, 1],
      (partition, fetchOffset) => {
        if (partition === 1) return { records: batch(fetchOffset, ["x"]) };
        return fetchOffset < 10 ? { errorCode: 1 } : { records: batch(fetchOffset, ["y"]) };
      },
      async ({ reader }) => {
        reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 3 })));
        const told = await firstFailure(reader);
        expect(told).toMatchObject({
          code: "OFFSET_OUT_OF_RANGE",
          topic: "t",
          partition: 0,
          offset: 3,
          startOffset: 10,
          endOffset: 90,
          divergentOffset: undefined,
        });
        await expect(reader.poll({ waitMsMax: 1000 })).rejects.toBe(told);
        reader.unassign([{ topic: "t", partition: 0 }]);
        expect((await values(reader)).length).toBeGreaterThan(0);
        reader.unassign([{ topic: "t", partition: 1 }]);
        reader.assign([{ topic: "t", partition: 0, offset: 10 }]);
        expect(await values(reader)).toContain("10:y");
      },
    ));

  test("a tail that a leader has lost is told with the offset where the histories part", () =>
    play(
      [1],
      () => ({ divergingEpoch: { epoch: 2, endOffset: 40 } }),
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 50 }]);
        expect(await firstFailure(reader)).toMatchObject({
          code: "OFFSET_OUT_OF_RANGE",
          offset: 50,
          divergentOffset: 40,
          startOffset: 10,
          endOffset: 90,
        });
      },
    ));
});

/** What a poll rejects with, others giving records meanwhile. */
async function firstFailure(reader: BatchReader): Promise<unknown> {
  for (let polls = 0; polls < 100; polls++) {
    try {
      await values(reader);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}
