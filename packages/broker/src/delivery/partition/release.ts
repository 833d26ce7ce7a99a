import { Change } from "./change.ts";
import { type Delivery, recordState } from "./delivery.ts";
import type { ShareLimits, ShareWindow } from "./share-window.ts";

/** A member is gone: what it has is available again (Kafka: `SharePartition.releaseAcquiredRecords`). */
export function releaseMember(window: ShareWindow, memberId: string, limits: ShareLimits): Change {
  return release(window, limits, (delivery) => delivery.memberId === memberId);
}

/** What was not acknowledged in time is available again. */
export function releaseExpired(window: ShareWindow, nowMs: number, limits: ShareLimits): Change {
  return release(
    window,
    limits,
    ({ lockUntilMs }) => lockUntilMs !== undefined && lockUntilMs <= nowMs,
  );
}

/** When the next lock runs out; undefined: nothing is locked. */
export function nextExpiryMs(window: ShareWindow): number | undefined {
  let next: number | undefined;
  for (const batch of window.batches)
    for (const { delivery } of batch.pieces()) {
      const { lockUntilMs } = delivery;
      if (lockUntilMs === undefined || delivery.isChanging) continue;
      if (next === undefined || lockUntilMs < next) next = lockUntilMs;
    }
  return next;
}

function release(
  window: ShareWindow,
  { deliveryCountMax }: ShareLimits,
  isReleased: (delivery: Delivery) => boolean,
): Change {
  const change = new Change(window);
  const isHeld = (delivery: Delivery) =>
    delivery.state === recordState.acquired && !delivery.isChanging && isReleased(delivery);
  for (const batch of window.batches) {
    const { whole } = batch;
    const straddles =
      batch.firstOffset < window.startOffset && batch.lastOffset >= window.startOffset;
    if (whole !== undefined && isHeld(whole) && straddles) batch.split();
    for (const piece of batch.pieces()) {
      if (!isHeld(piece.delivery)) continue;
      const isGone = piece.lastOffset < window.startOffset;
      const state = isGone ? recordState.archived : recordState.available;
      change.leave(piece, state, deliveryCountMax);
    }
  }
  return change;
}
