import type { Given } from "@millrace/protocol";
import type { FetchRequest, fetchResponse } from "@millrace/protocol/definitions";

export type FetchResponse = Given<typeof fetchResponse>;
export type FetchResponseTopic = FetchResponse["responses"][number];
/** What one partition's part of a response says. */
export type FetchResponsePartition = NonNullable<FetchResponseTopic["partitions"]>[number] & {
  readonly records: readonly Uint8Array[];
};
export type FetchRequestPartition = FetchRequest["topics"][number]["partitions"][number];

/** What is asked of one partition. */
export interface FetchTarget {
  /** Undefined: no topic has the id. */
  readonly topic: string | undefined;
  readonly topicId: string;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly maxBytes: number;
  /** -1: not told. */
  readonly currentLeaderEpoch: number;
  /** -1: not told. */
  readonly lastFetchedEpoch: number;
}

/** What became of it. */
export interface FetchedPartition {
  readonly target: FetchTarget;
  readonly response: FetchResponsePartition;
  readonly sizeBytes: number;
  /** Offset after the last batch that is there as a whole. */
  readonly nextOffset: number;
}

/** Identity of a partition within a request or a session: by id where ids are used, else by name. */
export function fetchKey(
  topic: string,
  topicId: string,
  partition: number,
  usesIds: boolean,
): string {
  return usesIds ? `${topicId}:${partition}` : `${topic}:${partition}`;
}
