import type { Windowed } from "@millrace/model";
import { requireValue } from "../../contract/store-scope.ts";
import type { FlushListener, FlushListenerOptions } from "../../contract/updatable-store.ts";
import type { ValueAccess } from "../../layers/value-access.ts";
import { RowReads, type RowReadsParts } from "./row-reads.ts";
import type { SegmentedBytes } from "./segmented-bytes.ts";

export interface TypedRowsParts<K, V, S> extends RowReadsParts<K, V, S> {
  readonly access: ValueAccess<Uint8Array, V>;
}

/** Rows of windows and sessions as operators read and write them. */
export class TypedRows<K, V, S> extends RowReads<K, V, S> {
  readonly access: ValueAccess<Uint8Array, V>;
  readonly #name: string;
  readonly #bytes: SegmentedBytes;

  constructor(parts: TypedRowsParts<K, V, S>) {
    super(parts);
    this.access = parts.access;
    this.#name = parts.name;
    this.#bytes = parts.bytes;
  }

  write(row: Uint8Array, seen: S | null): void {
    requireValue(this.#name, seen);
    this.noteSegment(row);
    if (seen === null) this.access.write(row, null, -1);
    else {
      const { view } = this;
      this.access.write(row, view.valueOf(seen), view.timestampOf(seen), view.headersOf(seen));
    }
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
