import { compareBytes, type Timestamp, type Window, type Windowed } from "@millrace/model";
import { deserializeWith, serializeWith, type Serde } from "@millrace/serde";
import type { StoreScan } from "../../contract/bytes-store.ts";
import type { EntryCursor } from "../../contract/store-engine.ts";
import type { StoreScope } from "../../contract/store-scope.ts";
import { requireKey } from "../../contract/store-scope.ts";
import type { FlushListener, FlushListenerOptions } from "../../contract/updatable-store.ts";
import type { WindowedCursor } from "../../contract/window-store.ts";
import type { StoreFormat } from "../../layers/store-format.ts";
import { noEntries, TypedCursor } from "../../layers/typed-cursor.ts";
import type { ValueAccess } from "../../layers/value-access.ts";
import type { RowKeys } from "./row-keys.ts";
import { SegmentCursor, sortedByTime } from "./segment-cursor.ts";
import type { SegmentedBytes } from "./segmented-bytes.ts";
import type { ValueView } from "./value-view.ts";

export interface TypedRowsParts<K, V, S> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly scope: StoreScope;
  readonly keySerde: Serde<K>;
  readonly topic: string;
  readonly keys: RowKeys;
  readonly bytes: SegmentedBytes;
  readonly access: ValueAccess<Uint8Array, V>;
  readonly format: StoreFormat<Uint8Array, V>;
  readonly view: ValueView<V, S>;
  readonly windowOf: (row: Uint8Array) => Window;
  /** True: rows of several keys come in the order of time, then key. */
  readonly isByTime: boolean;
}

/** Which rows: by the time that they expire by, and by any other property. */
export interface RowSearch {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly isReverse: boolean;
  readonly isMeant?: (row: Uint8Array) => boolean;
}

/** Rows of windows and sessions as users see them: what their stores have in common. */
export class TypedRows<K, V, S> {
  readonly keys: RowKeys;
  readonly access: ValueAccess<Uint8Array, V>;
  readonly view: ValueView<V, S>;
  readonly #parts: TypedRowsParts<K, V, S>;

  constructor(parts: TypedRowsParts<K, V, S>) {
    this.#parts = parts;
    this.keys = parts.keys;
    this.access = parts.access;
    this.view = parts.view;
  }

  get isOpen(): boolean {
    return this.#parts.scope.isOpen;
  }

  encodeKey(key: K): Uint8Array {
    const { name, scope, keySerde, topic } = this.#parts;
    scope.requireOpen(name);
    requireKey(name, key);
    return serializeWith(keySerde, key as K & {}, topic);
  }

  read(row: Uint8Array): S | null {
    const value = this.access.read(row);
    return value === null ? null : this.view.seen(value, this.access.readTimestamp);
  }

  write(row: Uint8Array, seen: S | null): void {
    this.noteSegment(row);
    if (seen === null || seen === undefined) this.access.write(row, null, -1);
    else this.access.write(row, this.view.valueOf(seen), this.view.timestampOf(seen));
  }

  /** Before a write, which may stay in the cache for a while. */
  noteSegment(row: Uint8Array): void {
    this.#parts.bytes.note(row);
  }

  ofKey(key: K, search: RowSearch): WindowedCursor<K, S> {
    const bytes = this.encodeKey(key);
    const { keys } = this;
    const { bytes: stored } = this.#parts;
    const { from } = search;
    // Beyond the newest row lie those of keys that begin with this one.
    const to = Math.min(search.to, stored.newestTime);
    const rows = this.#scan(search, {
      segments: stored.segmentsOfKey(bytes, from, to),
      rangeIn: (segment) => keys.rangeOfKey(segment, bytes, from, to),
      isMeant: (row) => keys.isOfKey(row, bytes),
    });
    return this.#cursor(rows);
  }

  ofKeys(from: K | null, to: K | null, search: RowSearch): WindowedCursor<K, S> {
    this.#parts.scope.requireOpen(this.#parts.name);
    const first = from === null ? null : this.encodeKey(from);
    const last = to === null ? null : this.encodeKey(to);
    if (first !== null && last !== null && compareBytes(first, last) > 0)
      return this.#cursor(noEntries);
    const { keys } = this;
    const { segments } = this.#parts.bytes.ledger;
    const rows = this.#scan(search, {
      segments: segments.between(keys.segmentOf(search.from), keys.segmentOf(search.to)),
      rangeIn: (segment) => keys.rangeOfKeys(segment, first, last),
      isMeant: (row) => {
        const key = keys.keyOf(row);
        const time = keys.timeOf(row);
        return (
          (first === null || compareBytes(key, first) >= 0) &&
          (last === null || compareBytes(key, last) <= 0) &&
          time >= search.from &&
          time <= search.to
        );
      },
    });
    const { isReverse } = search;
    return this.#cursor(this.#parts.isByTime ? sortedByTime(rows, keys, { isReverse }) : rows);
  }

  setFlushListener(
    listener: FlushListener<Windowed<K>, V>,
    options: FlushListenerOptions,
  ): boolean {
    return this.access.setFlushListener(
      (row, newValue, oldValue, context) =>
        listener(this.windowed(row), newValue, oldValue, context),
      options,
    );
  }

  windowed(row: Uint8Array): Windowed<K> {
    const { keySerde, topic, windowOf } = this.#parts;
    return { key: deserializeWith(keySerde, this.keys.keyOf(row), topic), window: windowOf(row) };
  }

  #scan(
    { isReverse, isMeant: isSearched }: RowSearch,
    { segments, rangeIn, isMeant }: RowsToSearch,
  ): EntryCursor {
    if (segments.length === 0) return noEntries;
    const { access } = this;
    const { visibleFrom } = this.#parts.bytes;
    const direction = isReverse ? "backward" : "forward";
    const cursors = (isReverse ? segments.toReversed() : segments).map((segment) => {
      const scan: StoreScan = { ...rangeIn(segment), direction, visibleFrom };
      return access.scan(scan);
    });
    return new SegmentCursor(
      cursors,
      isSearched === undefined ? isMeant : (row) => isMeant(row) && isSearched(row),
    );
  }

  #cursor(rows: EntryCursor): WindowedCursor<K, S> {
    return new RowCursor(rows, this, this.#parts.format);
  }
}

interface RowsToSearch {
  readonly segments: readonly number[];
  readonly rangeIn: (segment: number) => Pick<StoreScan, "from" | "to">;
  readonly isMeant: (row: Uint8Array) => boolean;
}

class RowCursor<K, V, S> extends TypedCursor<Windowed<K>, S> implements WindowedCursor<K, S> {
  readonly #rows: EntryCursor;
  readonly #keys: RowKeys;

  constructor(rows: EntryCursor, typed: TypedRows<K, V, S>, format: StoreFormat<Uint8Array, V>) {
    super(rows, {
      key: (row) => typed.windowed(row),
      value: (bytes) => typed.view.seen(format.decode(bytes), format.timestampOf(bytes)),
    });
    this.#rows = rows;
    this.#keys = typed.keys;
  }

  get time(): Timestamp {
    return this.#keys.timeOf(this.#rows.key);
  }
}
