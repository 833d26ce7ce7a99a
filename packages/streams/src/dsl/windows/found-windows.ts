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

/** What else there is to know of the windows around a record. */
interface FoundWindows {
  /** Has what is later than the record. */
  readonly right: FoundWindow | undefined;
  /** Whether a window begins then. */
  readonly has: (start: Timestamp) => boolean;
}

type Store = UpdatableWindowStore<unknown, unknown>;

/** Told of the windows that a record is in while they are searched, as in Kafka: a small cache evicts meanwhile. */
type Update = (window: FoundWindow) => void;

/**
 * Searches the windows of a record that is at `sizeMs` or later, the latest first. Undefined: another record has this
 * time, whose windows are this one's.
 */
export function latestFirst(
  store: Store,
  { key, timestamp }: StreamRecord,
  { sizeMs, update }: { readonly sizeMs: number; readonly update: Update },
):
  | (FoundWindows & {
      /** The one that ends with the record. */
      readonly left: FoundWindow | undefined;
      /** The last one that ends before. */
      readonly before: FoundWindow | undefined;
    })
  | undefined {
  const from = Math.max(0, timestamp - 2 * sizeMs);
  const starts = new Set<Timestamp>();
  let right: FoundWindow | undefined;
  let left: FoundWindow | undefined;
  let before: FoundWindow | undefined;
  using rows = store.fetchKeys(key, key, { from, to: timestamp + 1, reverse: true });
  while (before === undefined && rows.next()) {
    const start = rows.time;
    starts.add(start);
    if (start > timestamp) continue;
    const found = foundAt(rows);
    if (start + sizeMs < timestamp) {
      before = found;
      continue;
    }
    update(found);
    if (start + sizeMs > timestamp) right ??= found;
    else if (found.timestamp >= timestamp) return undefined;
    else left = found;
  }
  return { right, has: (start) => starts.has(start), left, before };
}

/** As `latestFirst`, of a record that is earlier than its windows' size: the earliest first. */
export function startingEarly(
  store: Store,
  { key, timestamp }: StreamRecord,
  update: Update,
): FoundWindows & {
  /** The one of all early records. */
  readonly combined: FoundWindow | undefined;
} {
  const starts = new Set<Timestamp>();
  let right: FoundWindow | undefined;
  let combined: FoundWindow | undefined;
  using rows = store.fetchKeys(key, key, { from: 0, to: timestamp + 1 });
  while (rows.next()) {
    const start = rows.time;
    starts.add(start);
    if (start > timestamp) continue;
    const found = foundAt(rows);
    if (start === 0) combined = found;
    else update((right = found));
  }
  return { right: right ?? combined, has: (start) => starts.has(start), combined };
}

function foundAt(rows: WindowedCursor<unknown, ValueAndTimestamp<unknown>>): FoundWindow {
  const { value, timestamp } = rows.value;
  const copy = typeof value === "object" ? rows.value.value : value;
  return { start: rows.time, value, copy, timestamp };
}
