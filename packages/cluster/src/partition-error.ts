import { type ErrorDetails, messageOf, type Offset, type TopicPartition } from "@millrace/model";
import { ClusterError, type ClusterErrorCode } from "./cluster-error.ts";

export type PartitionErrorCode = Extract<
  ClusterErrorCode,
  | "TOPIC_NOT_FOUND"
  | "TOPIC_RECREATED"
  | "OFFSET_OUT_OF_RANGE"
  | "BATCH_UNREADABLE"
  | "PARTITION_NOT_ASSIGNED"
  | "NOT_AUTHORIZED"
>;

/**
 * Why one partition cannot be read, or read on. The others of its reader are not touched.
 *
 * - `TOPIC_NOT_FOUND`: its topic, or the partition, is gone.
 * - `TOPIC_RECREATED`: a topic of the same name has taken its place; offsets of the old one mean nothing there.
 */
export class PartitionError extends ClusterError {
  readonly topic: string;
  readonly partition: number;

  constructor(
    code: PartitionErrorCode,
    { topic, partition }: TopicPartition,
    details: ErrorDetails & { readonly message: string },
  ) {
    super(code, details.message, details);
    this.topic = topic;
    this.partition = partition;
  }
}

/** The log does not have the offset that was to be read next: it was deleted, lost, or never there. */
export class OffsetOutOfRangeError extends PartitionError {
  /** What was to be read next. */
  readonly offset: Offset;
  /** The first offset that is there. */
  readonly startOffset: Offset;
  /** The end that a reader of this isolation may see. */
  readonly endOffset: Offset;
  /**
   * From here on the log holds another history than the one that was read: its leader lost the tail (KIP-320).
   * Undefined: the offset is below the start or beyond the end, and nothing more is known.
   */
  readonly divergentOffset: Offset | undefined;

  constructor(
    partition: TopicPartition,
    found: {
      readonly offset: Offset;
      readonly startOffset: Offset;
      readonly endOffset: Offset;
      readonly divergentOffset?: Offset;
    },
    details: ErrorDetails = {},
  ) {
    const { offset, startOffset, endOffset, divergentOffset } = found;
    const name = `${partition.topic}-${partition.partition}`;
    const message =
      divergentOffset === undefined
        ? `${name} has no offset ${offset}: its log holds ${startOffset} to ${endOffset}`
        : `${name} was read up to offset ${offset}, and its leader has lost what was behind ${divergentOffset}`;
    super("OFFSET_OUT_OF_RANGE", partition, {
      ...details,
      message: `${message}. Go on from an offset that is there`,
    });
    this.offset = offset;
    this.startOffset = startOffset;
    this.endOffset = endOffset;
    this.divergentOffset = divergentOffset;
  }
}

/**
 * A batch that does not match its checksum, has an unknown compression, or contradicts itself; `cause` says which.
 * The records before `offset` were given. To skip it, go on from `nextOffset`.
 */
export class UnreadableBatchError extends PartitionError {
  /** The first record that could not be read. */
  readonly offset: Offset;
  /**
   * Where reading can go on. Where the batch does not tell its own end credibly this is a lower bound: what comes
   * there may be told again, and no record is passed over.
   */
  readonly nextOffset: Offset;
  /** The whole batch as it came, a copy. */
  readonly bytes: Uint8Array;

  constructor(
    partition: TopicPartition,
    found: { readonly offset: Offset; readonly nextOffset: Offset; readonly bytes: Uint8Array },
    cause: unknown,
  ) {
    const { offset, nextOffset, bytes } = found;
    const reason = messageOf(cause);
    super("BATCH_UNREADABLE", partition, {
      cause,
      message:
        `a batch of ${partition.topic}-${partition.partition} cannot be read from offset ${offset} on: ${reason}. ` +
        `To skip it, go on from offset ${nextOffset}`,
    });
    this.offset = offset;
    this.nextOffset = nextOffset;
    this.bytes = bytes;
  }
}
