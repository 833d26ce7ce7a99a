import type { Windowed } from "@millrace/model";
import { requireValue } from "../../contract/store-scope.ts";
import type { FlushListener, FlushListenerOptions } from "../../contract/updatable-store.ts";
import type { ValueAccess } from "../../layers/value-access.ts";
import type { KnownRows } from "./known-rows.ts";
import type { FoundRow } from "./recent-rows.ts";
import { RowReads, type RowReadsParts, type RowSearch } from "./row-reads.ts";
import type { SegmentedBytes } from "./segmented-bytes.ts";

export interface TypedRowsParts<K, V, S> extends RowReadsParts<K, V, S> {
  readonly access: ValueAccess<Uint8Array, V>;
  /** Of rows that are looked for by their key; undefined: they are searched. */
  readonly known: KnownRows | undefined;
}

/** Rows of windows and sessions as operators read and write them. */
export class TypedRows<K, V, S> extends RowReads<K, V, S> {
  readonly access: ValueAccess<Uint8Array, V>;
  readonly #name: string;
  readonly #bytes: SegmentedBytes;
  readonly #known: KnownRows | undefined;

  constructor(parts: TypedRowsParts<K, V, S>) {
    super(parts);
    this.access = parts.access;
    this.#name = parts.name;
    this.#bytes = parts.bytes;
    this.#known = parts.known;
  }

  write(row: Uint8Array, seen: S | null): void {
    requireValue(this.#name, seen);
    this.noteSegment(row);
    if (seen === null) {
      this.access.write(row, null, -1);
      this.#known?.remove(row);
    } else {
      const { view } = this;
      this.#known?.add(row, this.#bytes.visibleFrom - this.#bytes.retentionMs);
      this.access.write(row, view.valueOf(seen), view.timestampOf(seen), view.headersOf(seen));
    }
  }

  protected override knownOf(
    key: Uint8Array,
    { from, to, isReverse, isMeant }: RowSearch,
  ): readonly FoundRow[] | undefined {
    const rows = this.#known?.find(key, from, to);
    if (rows === undefined) return undefined;
    const found: FoundRow[] = [];
    for (const row of rows) {
      if (isMeant?.(row) === false) continue;
      const value = this.access.readStored(row);
      if (value !== null) found.push({ key: row, value });
    }
    return isReverse ? found.toReversed() : found;
  }

  /** Before a write, which may stay in the cache for a while. */
  noteSegment(row: Uint8Array): void {
    this.#bytes.note(row);
  }

  setFlushListener(
    listener: FlushListener<Windowed<K>, V>,
    options: FlushListenerOptions,
  ): boolean {
    return this.access.setFlushListener(
      (row, flushed, oldValue, context) => listener(this.windowed(row), flushed, oldValue, context),
      options,
    );
  }
}
