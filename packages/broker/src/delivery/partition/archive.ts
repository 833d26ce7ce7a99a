import { isTerminal, recordState, type RecordState } from "./delivery.ts";
import type { ShareWindow } from "./share-window.ts";

/** Gives up records that are in a state; gives whether there were any. */
export function archiveBetween(
  window: ShareWindow,
  firstOffset: number,
  { lastOffset, state }: { readonly lastOffset: number; readonly state: RecordState },
): boolean {
  let isAny = false;
  const from = window.batches[window.floorIndex(firstOffset)]?.firstOffset ?? firstOffset;
  for (const batch of window.between(from, lastOffset)) {
    if (batch.lastOffset < firstOffset) continue;
    if (batch.whole !== undefined && batch.whole.state !== state) continue;
    if (!batch.isWithin(firstOffset, lastOffset)) batch.split();
    for (const piece of batch.pieces(firstOffset, lastOffset)) {
      if (piece.delivery.state !== state) continue;
      piece.delivery.archive();
      window.completeCount += window.countFromStart(piece);
      isAny = true;
    }
  }
  if (isAny) window.mayHaveAvailable = true;
  return isAny;
}

/** The log begins later by now: what lies before is not delivered any more; who has it may acknowledge it still. */
export function startAt(window: ShareWindow, logStartOffset: number): void {
  if (logStartOffset <= window.startOffset) return;
  if (window.isEmpty) {
    window.startOffset = logStartOffset;
    window.endOffset = logStartOffset;
    window.completeCount = 0;
    return;
  }
  archiveBetween(window, window.startOffset, {
    lastOffset: logStartOffset - 1,
    state: recordState.available,
  });
  let goneCount = 0;
  for (const batch of window.between(0, logStartOffset - 1))
    for (const { firstOffset, lastOffset, delivery } of batch.pieces(0, logStartOffset - 1))
      if (isTerminal(delivery.state))
        goneCount += window.countFromStart({
          firstOffset,
          lastOffset: Math.min(lastOffset, logStartOffset - 1),
        });
  window.startOffset = logStartOffset;
  window.completeCount -= goneCount;
  window.endOffset = Math.max(window.endOffset, logStartOffset);
}
