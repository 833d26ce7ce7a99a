import type { Offset, TopicPartition } from "@millrace/model";
import type { PartitionError } from "@millrace/cluster";

/** One assigned partition of a reader: it is another object after each `assign`, so that what comes late is known. */
export interface ReadPartition extends TopicPartition {
  /** Where the next fetch begins. */
  fetchOffset: Offset;
  /** Behind all that polls have given. */
  position: Offset;
  /** As of the last fetch. */
  endOffset: Offset | undefined;
  isPaused: boolean;
  /** Undefined: to be asked for. */
  leader: number | undefined;
  /** Bytes that a fetch may bring of it. */
  bytesMax: number;
  /** True: fetched by a request of its own, so that what fails is known to be its failure. */
  isAlone: boolean;
  failure: PartitionError | undefined;
}

export function readPartition(
  { topic, partition, offset }: TopicPartition & { readonly offset: Offset },
  bytesMax: number,
): ReadPartition {
  return {
    topic,
    partition,
    fetchOffset: offset,
    position: offset,
    endOffset: undefined,
    isPaused: false,
    leader: undefined,
    bytesMax,
    isAlone: false,
    failure: undefined,
  };
}
