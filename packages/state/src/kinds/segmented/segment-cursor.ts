import { compareBytes, noBytes, type Timestamp } from "@millrace/model";
import type { EntryCursor } from "../../contract/store-engine.ts";
import type { RowKeys } from "./row-keys.ts";

/** Walks one cursor behind the other, and passes over rows that are not meant. */
export class SegmentCursor implements EntryCursor {
  readonly #cursors: readonly EntryCursor[];
  readonly #isMeant: (row: Uint8Array) => boolean;
  #index = 0;

  constructor(cursors: readonly EntryCursor[], isMeant: (row: Uint8Array) => boolean) {
    this.#cursors = cursors;
    this.#isMeant = isMeant;
  }

  next(): boolean {
    for (; this.#index < this.#cursors.length; this.#index++) {
      const cursor = this.#cursors[this.#index];
      while (cursor.next()) if (this.#isMeant(cursor.key)) return true;
    }
    return false;
  }

  get key(): Uint8Array {
    return this.#cursors[this.#index]?.key ?? noBytes;
  }

  get value(): Uint8Array {
    return this.#cursors[this.#index]?.value ?? noBytes;
  }

  [Symbol.dispose](): void {
    for (const cursor of this.#cursors) cursor[Symbol.dispose]();
  }
}

/** All rows of a cursor in the order of time, key, and what comes last, or of that before the key. The cursor is closed. */
export function sortedByTime(
  rows: EntryCursor,
  keys: RowKeys,
  { isReverse, isKeyLast }: { readonly isReverse: boolean; readonly isKeyLast: boolean },
): EntryCursor {
  const entries: TimedRow[] = [];
  try {
    while (rows.next()) {
      const { key, value } = rows;
      entries.push({ key, value, time: keys.timeOf(key) });
    }
  } finally {
    rows[Symbol.dispose]();
  }
  const sign = isReverse ? -1 : 1;
  const byKey = ({ key: left }: TimedRow, { key: right }: TimedRow): number =>
    compareBytes(keys.keyOf(left), keys.keyOf(right));
  const byLast = ({ key: left }: TimedRow, { key: right }: TimedRow): number =>
    keys.lastOf(left) - keys.lastOf(right);
  const [first, second] = isKeyLast ? [byLast, byKey] : [byKey, byLast];
  entries.sort(
    (left, right) => sign * (left.time - right.time || first(left, right) || second(left, right)),
  );
  return new ListedRows(entries);
}

interface TimedRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly time: Timestamp;
}

export class ListedRows implements EntryCursor {
  readonly #entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  #index = -1;

  constructor(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]) {
    this.#entries = entries;
  }

  next(): boolean {
    this.#index += 1;
    return this.#index < this.#entries.length;
  }

  get key(): Uint8Array {
    return this.#entries[this.#index]?.key ?? noBytes;
  }

  get value(): Uint8Array {
    return this.#entries[this.#index]?.value ?? noBytes;
  }

  [Symbol.dispose](): void {}
}
