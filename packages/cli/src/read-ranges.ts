import type { KafkaClient } from "@millrace/client";
import type { Headers, Offset, TopicPartition } from "@millrace/model";

/** A record, of bytes of its own. */
export interface StoredRecord extends TopicPartition {
  readonly offset: Offset;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export interface OffsetRange extends TopicPartition {
  readonly from: Offset;
  /** The first one that is not read. */
  readonly to: Offset;
}

/** Some records that were read, and how far each partition is by then. */
export interface ReadRecords {
  readonly records: readonly StoredRecord[];
  readonly next: readonly (TopicPartition & { readonly offset: Offset })[];
}

/** The committed records of ranges, some at a time; in order within each partition. Ends with the signal, too. */
export async function* readRanges(
  client: KafkaClient,
  ranges: readonly OffsetRange[],
  signal: AbortSignal,
): AsyncGenerator<ReadRecords> {
  const wanted = ranges.filter(({ from, to }) => from < to);
  if (wanted.length === 0) return;
  const reader = client.openReader({ isolation: "read_committed" });
  try {
    reader.assign(wanted.map(({ topic, partition, from }) => ({ topic, partition, offset: from })));
    const positionOf = (one: OffsetRange): Offset =>
      Math.min(Math.max(reader.position(one) ?? one.from, one.from), one.to);
    while (!signal.aborted && wanted.some((one) => positionOf(one) < one.to)) {
      const records: StoredRecord[] = [];
      for (const batch of await reader.poll({ signal, waitMsMax: 500 })) {
        const { topic, partition } = batch;
        const end = wanted.find((one) => one.topic === topic && one.partition === partition)?.to;
        while (batch.next()) {
          const { offset, timestamp } = batch;
          if (end === undefined || offset >= end) break;
          const copy = (bytes: Uint8Array | null) => (bytes === null ? null : bytes.slice());
          const headers = batch.headers.map(([name, bytes]) => [name, copy(bytes)] as const);
          const [key, value] = [copy(batch.key), copy(batch.value)];
          records.push({ topic, partition, offset, timestamp, key, value, headers });
        }
        batch.release();
      }
      const next = wanted.map((one) => ({
        topic: one.topic,
        partition: one.partition,
        offset: positionOf(one),
      }));
      yield { records, next };
    }
  } finally {
    await reader.close();
  }
}
