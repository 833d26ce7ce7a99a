import { errorCode } from "../../coordinator/error-code.ts";
import { Change } from "./change.ts";
import { type Delivery, nobody, recordState, type RecordState } from "./delivery.ts";
import type { InFlightBatch, Piece } from "./in-flight-batch.ts";
import { SharePartitionRefusal } from "./share-partition-refusal.ts";
import type { ShareLimits, ShareWindow } from "./share-window.ts";

/** What members say of records (Kafka: `AcknowledgeType`). */
export const acknowledgeType = { gap: 0, accept: 1, release: 2, reject: 3, renew: 4 } as const;

export interface AcknowledgementBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** One for all records, or one for each. */
  readonly acknowledgeTypes: readonly number[];
}

export interface AcknowledgeRequest {
  readonly memberId: string;
  readonly batches: readonly AcknowledgementBatch[];
  readonly nowMs: number;
  readonly limits: ShareLimits;
}

/**
 * Takes what a member says of its records (Kafka: `SharePartition.acknowledge`): all of it, or nothing. Whoever gets the
 * change has to settle it.
 *
 * @throws SharePartitionRefusal
 */
export function acknowledge(window: ShareWindow, request: AcknowledgeRequest): Change {
  const change = new Change(window);
  try {
    for (const batch of request.batches)
      if (batch.lastOffset >= window.startOffset)
        for (const known of knownOf(window, batch))
          acknowledgeKnown(window, request, { batch, known, change });
  } catch (error) {
    change.settle(false);
    throw error;
  }
  return change;
}

/** @throws SharePartitionRefusal */
function knownOf(window: ShareWindow, batch: AcknowledgementBatch): readonly InFlightBatch[] {
  const { firstOffset, lastOffset } = batch;
  let floor = window.batches[window.floorIndex(firstOffset)];
  if (floor === undefined && firstOffset < window.startOffset)
    floor = window.batches[window.floorIndex(window.startOffset)];
  if (floor === undefined)
    throw invalidState(
      "Batch record not found. The request batch offsets are not found in the cache.",
    );
  const known = window.between(floor.firstOffset, lastOffset);
  const last = known[known.length - 1];
  if (last.lastOffset < firstOffset)
    throw new SharePartitionRefusal(
      errorCode.invalidRequest,
      "Batch record not found. The first offset in request is past acquired records.",
    );
  if (lastOffset > last.lastOffset)
    throw new SharePartitionRefusal(
      errorCode.invalidRequest,
      "Batch record not found. The last offset in request is past acquired records.",
    );
  return known;
}

interface Part {
  readonly batch: AcknowledgementBatch;
  readonly known: InFlightBatch;
  readonly change: Change;
}

/** @throws SharePartitionRefusal */
function acknowledgeKnown(window: ShareWindow, request: AcknowledgeRequest, part: Part): void {
  const { batch, known, change } = part;
  const { startOffset } = window;
  if (known.lastOffset < startOffset) return;
  const { whole } = known;
  if (whole !== undefined) {
    checkOwner(whole, request.memberId);
    const isForAll = batch.acknowledgeTypes.length === 1 && known.firstOffset >= startOffset;
    if (isForAll && known.isWithin(batch.firstOffset, batch.lastOffset)) {
      const piece = { ...known.pieces()[0] };
      return apply(request, { change, piece, type: batch.acknowledgeTypes[0] });
    }
    if (whole.state !== recordState.acquired)
      throw invalidState(
        "The batch cannot be acknowledged. The subset batch is not in the acquired state.",
      );
    known.split();
  }
  const from = Math.max(batch.firstOffset, startOffset);
  for (const piece of known.pieces(from, batch.lastOffset)) {
    checkRecord(piece.delivery, request.memberId);
    const { acknowledgeTypes } = batch;
    const index = acknowledgeTypes.length === 1 ? 0 : piece.firstOffset - batch.firstOffset;
    apply(request, { change, piece, type: acknowledgeTypes[index] });
  }
}

/** @throws SharePartitionRefusal */
function checkOwner(whole: Delivery, memberId: string): void {
  if (whole.memberId === nobody)
    throw invalidState("The batch cannot be acknowledged. The batch is not in the acquired state.");
  if (whole.memberId !== memberId) throw invalidState("Member is not the owner of batch record");
  if (whole.isChanging) throw invalidState(changing);
}

const changing =
  "The record state is invalid. The acknowledgement of delivery could not be completed.";

/** @throws SharePartitionRefusal */
function checkRecord(delivery: Delivery, memberId: string): void {
  if (delivery.state !== recordState.acquired)
    throw invalidState("The offset cannot be acknowledged. The offset is not acquired.");
  if (delivery.isChanging) throw invalidState(changing);
  if (delivery.memberId !== memberId) throw invalidState("Member is not the owner of offset");
}

/** @throws SharePartitionRefusal */
function apply(
  { nowMs, limits }: AcknowledgeRequest,
  told: { readonly change: Change; readonly piece: Piece; readonly type: number },
): void {
  const { change, piece, type } = told;
  if (type === acknowledgeType.renew) {
    if (!limits.isRenewEnabled)
      throw invalidState("Renewing acquisition locks is not enabled for the group.");
    piece.delivery.lockUntilMs = nowMs + limits.lockMs;
    return;
  }
  change.leave(piece, stateOf(type), limits.deliveryCountMax);
}

/** @throws SharePartitionRefusal */
function stateOf(type: number): RecordState {
  switch (type) {
    case acknowledgeType.accept:
      return recordState.acknowledged;
    case acknowledgeType.release:
      return recordState.available;
    case acknowledgeType.gap:
    case acknowledgeType.reject:
      return recordState.archived;
    default:
      throw new SharePartitionRefusal(
        errorCode.invalidRequest,
        `Unknown acknowledge type id: ${type}`,
      );
  }
}

function invalidState(message: string): SharePartitionRefusal {
  return new SharePartitionRefusal(errorCode.invalidRecordState, message);
}
