import type { Offset } from "@millrace/model";
import {
  batchHeaderBytes,
  noProducerEpoch,
  noProducerId,
  noSequence,
  noTimestamp,
  writeBatchHeader,
} from "@millrace/protocol/records";

/** Offsets of one batch are int32. */
const offsetCountMax = 2 ** 31;

/**
 * Batches without records in place of lost ones, as Kafka's compaction leaves them: readers pass them, and offsets stay
 * without gaps.
 */
export function fillerBatches(
  from: Offset,
  to: Offset,
  leaderEpoch: number,
): readonly Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let baseOffset = from; baseOffset < to; baseOffset += offsetCountMax) {
    const bytes = new Uint8Array(batchHeaderBytes);
    writeBatchHeader(bytes, 0, bytes.length, {
      baseOffset,
      partitionLeaderEpoch: leaderEpoch,
      attributes: 0,
      lastOffsetDelta: Math.min(to - baseOffset, offsetCountMax) - 1,
      baseTimestamp: noTimestamp,
      maxTimestamp: noTimestamp,
      producerId: noProducerId,
      producerEpoch: noProducerEpoch,
      baseSequence: noSequence,
      recordCount: 0,
    });
    batches.push(bytes);
  }
  return batches;
}
