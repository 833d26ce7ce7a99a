import { uninitializedOffset, type StateBatch } from "./share-state.ts";

/**
 * What is known of records once more of it is known (Kafka: `PersisterStateBatchCombiner`): where both speak of a
 * record, the one of the later delivery counts, and of the same delivery the one that is further on. What lies below
 * the start is left out.
 *
 * @param known in order, and none overlaps another
 */
export function combineBatches(
  known: readonly StateBatch[],
  news: readonly StateBatch[],
  startOffset: number,
): StateBatch[] {
  const kept: StateBatch[] = [];
  for (const batch of together(known, combined(news))) {
    if (startOffset !== uninitializedOffset && batch.lastOffset < startOffset) continue;
    append(kept, { ...batch, firstOffset: Math.max(batch.firstOffset, startOffset) });
  }
  return kept;
}

/** The order in which they came does not count: halves are put together, and those with each other. */
function combined(batches: readonly StateBatch[]): readonly StateBatch[] {
  if (batches.length < 2) return batches;
  const half = batches.length >> 1;
  return together(combined(batches.slice(0, half)), combined(batches.slice(half)));
}

/** Both are in order, and none of either overlaps another of it. */
function together(left: readonly StateBatch[], right: readonly StateBatch[]): StateBatch[] {
  const result: StateBatch[] = [];
  let [leftIndex, rightIndex] = [0, 0];
  /** What has yet to be placed of the first ones. */
  let [one, other]: (StateBatch | undefined)[] = [left.at(0), right.at(0)];
  while (one !== undefined && other !== undefined) {
    const [first, second]: readonly [StateBatch, StateBatch] =
      one.firstOffset <= other.firstOffset ? [one, other] : [other, one];
    const isOverlapping = first.firstOffset === second.firstOffset;
    const lastOffset = isOverlapping
      ? Math.min(first.lastOffset, second.lastOffset)
      : Math.min(first.lastOffset, second.firstOffset - 1);
    append(result, {
      ...(isOverlapping ? later(first, second) : first),
      ...span(first, lastOffset),
    });
    if (isOverlapping || first === one) one = rest(one, lastOffset) ?? left.at(++leftIndex);
    if (isOverlapping || first === other) other = rest(other, lastOffset) ?? right.at(++rightIndex);
  }
  if (one !== undefined) append(result, one);
  if (other !== undefined) append(result, other);
  for (const batch of left.slice(leftIndex + 1)) append(result, batch);
  for (const batch of right.slice(rightIndex + 1)) append(result, batch);
  return result;
}

function span({ firstOffset }: StateBatch, lastOffset: number) {
  return { firstOffset, lastOffset };
}

/** Undefined: nothing is left of it. */
function rest(batch: StateBatch, placedOffset: number): StateBatch | undefined {
  return placedOffset < batch.lastOffset ? { ...batch, firstOffset: placedOffset + 1 } : undefined;
}

function later(old: StateBatch, batch: StateBatch): StateBatch {
  if (batch.deliveryCount !== old.deliveryCount)
    return batch.deliveryCount > old.deliveryCount ? batch : old;
  return batch.deliveryState >= old.deliveryState ? batch : old;
}

/** Neighbours of which the same is known become one. */
function append(batches: StateBatch[], batch: StateBatch): void {
  const last = batches.at(-1);
  if (
    last !== undefined &&
    last.lastOffset + 1 === batch.firstOffset &&
    last.deliveryCount === batch.deliveryCount &&
    last.deliveryState === batch.deliveryState
  )
    batches[batches.length - 1] = { ...last, lastOffset: batch.lastOffset };
  else batches.push(batch);
}
