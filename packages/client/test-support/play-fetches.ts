import type { BatchReader, BatchReaderOptions } from "@millrace/cluster";
import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import { type Decoded } from "@millrace/protocol";
import { nodeCompression } from "@millrace/protocol/compression";
import { fetchApi, listOffsetsApi, type fetchRequest } from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import type { ConnectOptions } from "../src/connect-options.ts";
import { addressName } from "../src/connection/bootstrap-servers.ts";
import { connect, type KafkaClient } from "../src/kafka-client.ts";
import { ScriptedBroker, scriptedCluster, type ScriptedTopic } from "./scripted-broker.ts";

const topicId = "AAAAAAAAAAAAAAAAAAAABA";
export type FetchBody = Decoded<typeof fetchRequest>;

/** A batch of one producer; with an id a transactional one. */
export function batch(baseOffset: number, values: readonly string[], producerId = -1): Uint8Array {
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

export interface Given {
  readonly records?: Uint8Array;
  readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: number };
  readonly errorCode?: number;
  readonly aborted?: readonly { readonly producerId: number; readonly firstOffset: number }[];
}

/** A row of a fetch's answer that brings nothing. */
export const fetchedRow = {
  partitionIndex: 0,
  errorCode: 0,
  highWatermark: 100,
  lastStableOffset: 100,
  logStartOffset: 0,
  divergingEpoch: { epoch: -1, endOffset: -1 },
  currentLeader: { leaderId: -1, leaderEpoch: -1 },
  snapshotId: { endOffset: -1, epoch: -1 },
  abortedTransactions: null,
  preferredReadReplica: -1,
};

type Answers = (partition: number, fetchOffset: number) => Given | undefined;

/** Answers fetches in a session as the test says, and tells bounds of 10 and 90. */
function answerFetches(
  broker: ScriptedBroker,
  platform: VirtualMemoryPlatform,
  answers: Answers,
): void {
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
}

/** Plays a story of a reader and one broker that leads all of topic `t`, in virtual time. */
export async function play(
  leaders: number[],
  answers: Answers,
  story: (scene: {
    readonly platform: VirtualMemoryPlatform;
    readonly broker: ScriptedBroker;
    readonly topic: ScriptedTopic;
    readonly reader: BatchReader;
    readonly openReader: (
      options: Partial<ConnectOptions>,
      reading?: Partial<BatchReaderOptions>,
    ) => BatchReader;
    readonly deleteTopic: () => void;
    readonly remakeTopic: () => void;
  }) => Promise<void>,
): Promise<void> {
  const platform = memoryPlatform();
  const topic: ScriptedTopic = { name: "t", topicId, leaders, leaderEpoch: 5 };
  const cluster = scriptedCluster([topic]);
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  answerFetches(broker, platform, answers);
  const client = connect(platform, {
    bootstrapServers: addressName(broker.address),
    codecs: nodeCompression,
  });
  const reader = client.openReader({ isolation: "read_committed" });
  const others: KafkaClient[] = [];
  const openReader = (
    options: Partial<ConnectOptions>,
    reading: Partial<BatchReaderOptions> = {},
  ): BatchReader => {
    const other = connect(platform, {
      bootstrapServers: addressName(broker.address),
      ...options,
    });
    others.push(other);
    return other.openReader({ isolation: "read_committed", ...reading });
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

/** What one poll gives, as `offset:value`. */
export async function values(reader: BatchReader): Promise<readonly string[]> {
  const found: string[] = [];
  for (const one of await reader.poll({ waitMsMax: 2000 })) {
    while (one.next()) found.push(`${one.offset}:${decodeUtf8(one.value ?? new Uint8Array())}`);
    one.release();
  }
  return found;
}

/** What a poll rejects with, others giving records meanwhile. */
export async function firstFailure(reader: BatchReader, pollsMax = 100): Promise<unknown> {
  for (let polls = 0; polls < pollsMax; polls++) {
    try {
      await values(reader);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}
