import type { KafkaClient } from "@millrace/client";
import {
  decodeUtf8,
  topicPartitionName,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";
import type { Topology } from "@millrace/streams";

import { partitions, type RawRecord } from "../everything.ts";
import type { SeenRecord } from "../history.ts";
import type { SimulatedProgram } from "../programs/simulated-program.ts";
import { applicationId, inputTopics, isCompacted } from "../topics.ts";

/** Inputs and outputs of a program, and the topics that it makes for itself. */
export function watchedTopics(
  { outputs }: SimulatedProgram,
  topology: Topology,
): readonly string[] {
  const parts = topology.subtopologies(applicationId);
  const internal = parts.flatMap((part) => [...part.repartitionTopics, ...part.changelogTopics]);
  return [...new Set([...inputTopics, ...outputs, ...internal.map(({ name }) => name)])];
}

export function partitionsOf(topics: readonly string[]): readonly TopicPartition[] {
  return topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition })));
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}

/** Those of topics that are there. */
export async function partitionsThere(
  { admin }: KafkaClient,
  watched: readonly TopicPartition[],
): Promise<readonly TopicPartition[]> {
  const there = await admin.describeTopics([...new Set(watched.map(({ topic }) => topic))]);
  return watched.filter(({ topic }) => there.has(topic));
}

/** Takes all records of a batch, and gives it back. */
export function takeRecords(
  batch: RecordBatchView,
  take: (record: SeenRecord, raw: () => RawRecord) => void,
): void {
  while (batch.next()) {
    const { offset, timestamp, key, value } = batch;
    const seen = {
      offset,
      timestamp,
      key: key === null ? "" : keyText(key, batch.topic),
      value: readable(value),
    };
    take(seen, () => ({
      offset,
      timestamp,
      key: key?.slice() ?? new Uint8Array(0),
      value: value?.slice() ?? null,
      headers: batch.headers,
    }));
  }
  batch.release();
}

/** Of a changelog: a character for each byte, so that other keys are other texts. */
function keyText(key: Uint8Array, topic: string): string {
  return isCompacted(topic) ? String.fromCharCode(...key) : decodeUtf8(key);
}

/** Counts are the only values of eight bytes that begin with a zero. */
function readable(value: Uint8Array | null): string {
  if (value === null) return "null";
  if (value.length !== 8 || value[0] !== 0) return decodeUtf8(value);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return String(view.getUint32(0) * 2 ** 32 + view.getUint32(4));
}
