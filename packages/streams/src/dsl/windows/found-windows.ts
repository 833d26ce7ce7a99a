import type { Timestamp } from "@millrace/model";
import type { UpdatableWindowStore, ValueAndTimestamp, WindowedCursor } from "@millrace/state";

import type { StreamRecord } from "../../processor/stream-record.ts";

/** A window of a key, before a record changes it. */
export interface FoundWindow {
  readonly start: Timestamp;
  readonly value: unknown;
  /** The value once more, where an aggregator could change it. */
  readonly copy: unknown;
  /** Of the latest record in it. */
  readonly timestamp: Timestamp;
}

/** The sliding windows that a record has to do with. */
interface FoundWindows {
  /** Those that it is in, and does not end, in the order in which they are updated. */
  readonly around: readonly FoundWindow[];
  /** Has what is later than the record. */
  readonly right: FoundWindow | undefined;
  /** Whether a window begins then. */
  readonly has: (start: Timestamp) => boolean;
}

type Store = UpdatableWindowStore<unknown, unknown>;

/** Windows whose record is at `sizeMs` or later, the latest first. */
export function latestFirst(
  store: Store,
  { key, timestamp }: StreamRecord,
  sizeMs: number,
): FoundWindows & {
  /** The one that ends with the record. */
  readonly left: FoundWindow | undefined;
  /** The last one that ends before. */
  readonly before: FoundWindow | undefined;
} {
  const from = Math.max(0, timestamp - 2 * sizeMs);
  const around: FoundWindow[] = [];
  const starts = new Set<Timestamp>();
  let left: FoundWindow | undefined;
  let before: FoundWindow | undefined;
  using rows = store.fetchRange(key, { from, to: timestamp + 1, reverse: true });
  while (before === undefined && rows.next()) {
    const start = rows.time;
    starts.add(start);
    if (start > timestamp) continue;
    if (start + sizeMs > timestamp) around.push(foundAt(rows));
    else if (start + sizeMs === timestamp) left = foundAt(rows);
    else before = foundAt(rows);
  }
  return { around, right: around[0], has: (start) => starts.has(start), left, before };
}

/** Windows of a record that is earlier than their size. */
export function startingEarly(
  store: Store,
  { key, timestamp }: StreamRecord,
): FoundWindows & {
  /** The one of all early records. */
  readonly combined: FoundWindow | undefined;
} {
  const around: FoundWindow[] = [];
  const starts = new Set<Timestamp>();
  let combined: FoundWindow | undefined;
  using rows = store.fetchRange(key, { from: 0, to: timestamp + 1 });
  while (rows.next()) {
    const start = rows.time;
    starts.add(start);
    if (start === 0) combined = foundAt(rows);
    else if (start <= timestamp) around.push(foundAt(rows));
  }
  return { around, right: around.at(-1) ?? combined, has: (start) => starts.has(start), combined };
}

function foundAt(rows: WindowedCursor<unknown, ValueAndTimestamp<unknown>>): FoundWindow {
  const { value, timestamp } = rows.value;
  const copy = typeof value === "object" ? rows.value.value : value;
  return { start: rows.time, value, copy, timestamp };
}
