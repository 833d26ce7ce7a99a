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
  let combined: StateBatch[] = known.map((batch) => ({ ...batch }));
  for (const batch of news) combined = withBatch(combined, batch);
  const kept: StateBatch[] = [];
  for (const batch of combined) {
    if (startOffset !== uninitializedOffset && batch.lastOffset < startOffset) continue;
    append(kept, { ...batch, firstOffset: Math.max(batch.firstOffset, startOffset) });
  }
  return kept;
}

function withBatch(known: readonly StateBatch[], batch: StateBatch): StateBatch[] {
  const result: StateBatch[] = [];
  /** Of the new batch, what has yet to be placed. */
  let next = batch.firstOffset;
  for (const old of known) {
    if (old.firstOffset > batch.lastOffset || old.lastOffset < batch.firstOffset) {
      if (old.firstOffset > batch.lastOffset && next <= batch.lastOffset) {
        append(result, { ...batch, firstOffset: next });
        next = batch.lastOffset + 1;
      }
      append(result, old);
      continue;
    }
    const first = Math.max(old.firstOffset, batch.firstOffset);
    const last = Math.min(old.lastOffset, batch.lastOffset);
    if (next < first) append(result, { ...batch, firstOffset: next, lastOffset: first - 1 });
    if (old.firstOffset < first) append(result, { ...old, lastOffset: first - 1 });
    append(result, { ...later(old, batch), firstOffset: first, lastOffset: last });
    if (last < old.lastOffset) append(result, { ...old, firstOffset: last + 1 });
    next = last + 1;
  }
  if (next <= batch.lastOffset) append(result, { ...batch, firstOffset: next });
  return result;
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
