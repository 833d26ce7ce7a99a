import { LogCorruptedError } from "@millrace/log";
import { noBytes } from "@millrace/model";
import {
  BatchCursor,
  decodeControlBatch,
  isControl,
  isCrcValid,
  isTransactional,
  readAttributes,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readPartitionLeaderEpoch,
  readProducerEpoch,
  readProducerId,
  RecordBatchReader,
} from "@millrace/protocol/records";
import type { CoordinatorLogVisitor, ProducerIdentity } from "../coordinator/coordinator-log.ts";
import type { Partition } from "./partition.ts";

/** Bytes read at a time. */
const readBytes = 1024 * 1024;

/**
 * Hands over all records and markers of a log, in order. Control batches other than markers are passed over.
 *
 * What is a fold over a log is only as good as the log: every batch is checked on the way, after an orderly close too.
 *
 * @param begin "first": the log has all from offset 0 on; "log start": what lies below was given up by its owner
 * @throws LogCorruptedError a checksum that does not match, or offsets that are missing
 */
export function replayLog(
  partition: Partition,
  visitor: CoordinatorLogVisitor,
  begin: "first" | "log start" = "first",
): void {
  new Replay(partition, visitor).run(begin);
}

class Replay {
  readonly #partition: Partition;
  readonly #visitor: CoordinatorLogVisitor;
  /** Where the next batch has to begin, or may at the earliest: compaction leaves offsets out. */
  #nextOffset = 0;
  readonly #baseOffsets: readonly number[];
  #leaderEpoch = 0;
  /** Segment that is being read, and how far. */
  #segment = 0;
  #position = 0;

  constructor(partition: Partition, visitor: CoordinatorLogVisitor) {
    this.#partition = partition;
    this.#visitor = visitor;
    this.#baseOffsets = partition.segments().map(({ baseOffset }) => baseOffset);
  }

  run(begin: "first" | "log start"): void {
    const { logEndOffset: upTo, logStartOffset } = this.#partition;
    if (begin === "log start") this.#nextOffset = logStartOffset;
    else if (logStartOffset > 0) throw this.#damaged("its beginning is missing");
    while (this.#nextOffset < upTo) {
      const before = this.#nextOffset;
      const slice = this.#partition.read(before, {
        maxBytes: readBytes,
        upTo,
        minOneBatch: true,
      });
      for (const part of slice.parts) this.#replayBatches(part);
      if (this.#nextOffset > before) continue;
      // Found by this very read, behind segments that compaction has left empty.
      const { damage } = this.#partition;
      throw damage === undefined
        ? this.#damaged("nothing can be read")
        : new LogCorruptedError(damage);
    }
  }

  #replayBatches(bytes: Uint8Array): void {
    const cursor = new BatchCursor(bytes);
    while (cursor.next()) {
      const { position } = cursor;
      this.#check(bytes, position);
      const attributes = readAttributes(bytes, position);
      const producer: ProducerIdentity | undefined = isTransactional(attributes)
        ? {
            producerId: readProducerId(bytes, position),
            producerEpoch: readProducerEpoch(bytes, position),
          }
        : undefined;
      if (isControl(attributes)) replayMarker(bytes, position, producer, this.#visitor);
      else replayRecords(bytes, position, producer, this.#visitor);
      this.#nextOffset = readLastOffset(bytes, position) + 1;
      this.#position += readBatchSizeBytes(bytes, position);
    }
  }

  #check(bytes: Uint8Array, position: number): void {
    const baseOffset = readBaseOffset(bytes, position);
    const expected = this.#nextOffset;
    while (this.#baseOffsets[this.#segment + 1] <= baseOffset) {
      this.#segment++;
      this.#position = 0;
    }
    // The log may start inside of a batch.
    const isFirst = expected === this.#partition.logStartOffset && baseOffset < expected;
    const isInOrder = this.#partition.config.isCompacted
      ? baseOffset >= expected
      : baseOffset === expected || (isFirst && readLastOffset(bytes, position) >= expected);
    if (!isInOrder) throw this.#damaged(`offset ${baseOffset} where ${expected} was expected`);
    // The epoch is outside of the checksum; it never goes back, and is of this start at the most.
    const epoch = readPartitionLeaderEpoch(bytes, position);
    if (epoch < this.#leaderEpoch || epoch > this.#partition.leaderEpoch)
      throw this.#damaged(`leader epoch ${epoch} after ${this.#leaderEpoch}`);
    this.#leaderEpoch = epoch;
    if (!isCrcValid(bytes, position)) throw this.#damaged("the checksum does not match");
  }

  #damaged(reason: string): LogCorruptedError {
    const baseOffset = this.#baseOffsets[this.#segment] ?? 0;
    return new LogCorruptedError({
      path: `${this.#partition.path}/${String(baseOffset).padStart(20, "0")}.log`,
      position: this.#position,
      firstOffset: this.#nextOffset,
      lastOffset: this.#partition.logEndOffset - 1,
      reason,
    });
  }
}

function replayRecords(
  bytes: Uint8Array,
  position: number,
  producer: ProducerIdentity | undefined,
  visitor: CoordinatorLogVisitor,
): void {
  const batch = new RecordBatchReader({ bytes, position });
  while (batch.next())
    visitor.record(batch.offset, { key: batch.key ?? noBytes, value: batch.value }, producer);
}

function replayMarker(
  bytes: Uint8Array,
  position: number,
  producer: ProducerIdentity | undefined,
  visitor: CoordinatorLogVisitor,
): void {
  const control = decodeControlBatch(bytes, position);
  if (control === undefined || producer === undefined) return;
  if (control.type !== "abort" && control.type !== "commit") return;
  visitor.marker(control.offset, {
    ...producer,
    coordinatorEpoch: control.coordinatorEpoch,
    result: control.type,
    // The log does not say which version wrote it, and replaying makes no difference.
    transactionVersion: 0,
  });
}
