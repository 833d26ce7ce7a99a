import { compareBytes, noBytes } from "@millrace/model";
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
  const entries: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
  try {
    while (rows.next()) entries.push({ key: rows.key, value: rows.value });
  } finally {
    rows[Symbol.dispose]();
  }
  const sign = isReverse ? -1 : 1;
  entries.sort(({ key: left }, { key: right }) => {
    const byTime = keys.timeOf(left) - keys.timeOf(right);
    const byLast = keys.lastOf(left) - keys.lastOf(right);
    const byKey = compareBytes(keys.keyOf(left), keys.keyOf(right));
    return sign * (byTime || (isKeyLast ? byLast || byKey : byKey || byLast));
  });
  return new ListedRows(entries);
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
