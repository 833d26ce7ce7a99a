import type { Offset } from "@millrace/model";
import { readBaseOffset, readProducerId } from "@millrace/protocol/records";
import { ProducerAppend } from "./producer-append.ts";
import type { ProducerSnapshots } from "./producer-snapshots.ts";
import type { ProducerStates } from "./producer-states.ts";
import type { AbortedTransactionEntry } from "../index/transaction-index.ts";
import type { LogSegment } from "../segment/log-segment.ts";

const nothingAborted: readonly AbortedTransactionEntry[] = [];

/** Takes one stored batch into the state of its producer; gives the transactions that it aborted. */
export function replayBatch(
  producers: ProducerStates,
  bytes: Uint8Array,
  at: number,
): readonly AbortedTransactionEntry[] {
  if (readProducerId(bytes, at) < 0) return nothingAborted;
  const append = new ProducerAppend(producers, "replay");
  append.add(bytes, at, readBaseOffset(bytes, at));
  return producers.commit(append);
}

/**
 * Brings producers to the state at an offset: a snapshot at or below it, then the batches from there on. False where
 * neither a snapshot nor the log goes back far enough.
 *
 * Nobody waits until the snapshots within the last segment, and their removal, are on the device. Where nothing vouches
 * for one, it may tell of batches that a loss of power took: it is the last thing to go by.
 */
export function loadProducers(
  producers: ProducerStates,
  segments: readonly LogSegment[],
  { snapshots, offset }: { readonly snapshots: ProducerSnapshots; readonly offset: Offset },
): boolean {
  const goesBack = segments.at(0)?.baseOffset === 0;
  const base = segments.findLast(({ baseOffset }) => baseOffset <= offset)?.baseOffset ?? 0;
  const found =
    snapshots.newest(offset, base) ?? (goesBack ? undefined : snapshots.newest(offset, offset));
  const from = found?.offset ?? -1;
  if (found === undefined) producers.clear();
  else producers.load(found.entries);
  for (const segment of segments) {
    if (segment.endOffset <= from || segment.baseOffset >= offset) continue;
    // What lies behind says of itself where it belongs, and nobody has looked whether that is so.
    const cursor = segment.walk(0, { end: segment.chain.sizeBytes });
    while (cursor.next()) {
      const baseOffset = readBaseOffset(cursor.bytes, cursor.at);
      if (baseOffset >= from && baseOffset < offset)
        replayBatch(producers, cursor.bytes, cursor.at);
    }
  }
  return found !== undefined || offset === 0 || goesBack;
}
