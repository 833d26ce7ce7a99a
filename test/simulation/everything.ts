import { topicPartitionName, type Headers } from "@millrace/model";

import type { SeenRecord } from "./history.ts";
import { partitionCount, type InputTopic } from "./topics.ts";

/** A record of a changelog as it lies there. */
export interface RawRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export interface WholePartition {
  readonly start: number;
  readonly end: number;
  /** In the order in which they came. */
  readonly records: readonly SeenRecord[];
  readonly raw: readonly RawRecord[];
}

/** All that a reader can see, by partition. */
export type Everything = ReadonlyMap<string, WholePartition>;

/** A record of an input. */
export interface Line {
  /** Of nobody else. */
  readonly id: string;
  readonly key: string;
  readonly payload: string;
  readonly timestamp: number;
  readonly offset: number;
}

const nothing: WholePartition = { start: 0, end: 0, records: [], raw: [] };

export const partitions: readonly number[] = Array.from(
  { length: partitionCount },
  (_, partition) => partition,
);

export function wholeOf(everything: Everything, topic: string, partition: number): WholePartition {
  return everything.get(topicPartitionName(topic, partition)) ?? nothing;
}

export function recordsOf(everything: Everything, topic: string): readonly SeenRecord[] {
  return partitions.flatMap((partition) => wholeOf(everything, topic, partition).records);
}

/** What an input's records are written as: their id, then what they say. */
export function textOfLine(id: string, payload: string): string {
  return `${id} ${payload}`;
}

export function idOf(text: string): string {
  return text.split(" ", 1)[0];
}

export function payloadOf(text: string): string {
  return text.slice(text.indexOf(" ") + 1);
}

export function linesOf(
  everything: Everything,
  topic: InputTopic,
  partition: number,
): readonly Line[] {
  return wholeOf(everything, topic, partition).records.map(({ key, value, timestamp, offset }) => ({
    id: idOf(value),
    key,
    payload: payloadOf(value),
    timestamp,
    offset,
  }));
}

export function allLinesOf(everything: Everything, topic: InputTopic): readonly Line[] {
  return partitions.flatMap((partition) => linesOf(everything, topic, partition));
}
