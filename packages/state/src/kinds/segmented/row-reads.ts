import {
  compareBytes,
  type Headers,
  type Timestamp,
  type Window,
  type Windowed,
} from "@millrace/model";
import { deserializeWith, keyPlace, type Serde, serializeWith } from "@millrace/serde";
import { copyBytes } from "../../bytes/key-range.ts";
import type { StoreScan } from "../../contract/bytes-store.ts";
import type { EntryCursor } from "../../contract/store-engine.ts";
import type { StoreScope } from "../../contract/store-scope.ts";
import { requireKey } from "../../contract/store-scope.ts";
import type { WindowedCursor } from "../../contract/window-store.ts";
import type { CachePath, SearchUses } from "../../layers/search-uses.ts";
import { isPrimitive, type StoreFormat } from "../../layers/store-format.ts";
import { noEntries, TypedCursor } from "../../layers/typed-cursor.ts";
import type { ReadAccess } from "../../layers/value-access.ts";
import { CacheOrder } from "./cache-order.ts";
import type { FoundRow } from "./recent-rows.ts";
import type { RowOrder, TimeOrder } from "./row-order.ts";
import type { RowKeys } from "./row-keys.ts";
import { ListedRows, SegmentCursor, sortedByTime } from "./segment-cursor.ts";
import type { SegmentedBytes } from "./segmented-bytes.ts";
import type { ValueView } from "./value-view.ts";

export interface RowReadsParts<K, V, S> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly scope: StoreScope;
  readonly keySerde: Serde<K>;
  readonly topic: string;
  readonly keys: RowKeys;
  readonly bytes: SegmentedBytes;
  readonly access: ReadAccess<Uint8Array, V>;
  readonly format: StoreFormat<Uint8Array, V>;
  readonly view: ValueView<V, S>;
  readonly windowOf: (row: Uint8Array) => Window;
  readonly order: RowOrder;
  /** True: of windows in segments that are ordered by time (Kafka: `TimeFirstWindowKeySchema`). */
  readonly isTimeFirst: boolean;
}

/** Which rows: by the time that they expire by, and by any other property. */
export interface RowSearch {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly isReverse: boolean;
  readonly isMeant?: (row: Uint8Array) => boolean;
  /** Default: what the store shows. */
  readonly visibleFrom?: Timestamp;
  /** Default: that of the store. */
  readonly order?: TimeOrder;
}

/** Rows of windows and sessions as users read them: what their stores have in common, and what queries see of them. */
export class RowReads<K, V, S> {
  readonly keys: RowKeys;
  readonly view: ValueView<V, S>;
  readonly #parts: RowReadsParts<K, V, S>;
  readonly #order: CacheOrder;
  /** A key that nobody can change. */
  #lastRead: { readonly bytes: Uint8Array; readonly key: K } | undefined;

  constructor(parts: RowReadsParts<K, V, S>) {
    this.#parts = parts;
    this.keys = parts.keys;
    this.view = parts.view;
    const { keys, isTimeFirst, order } = parts;
    const hasIndex = isTimeFirst && order === "timeOrKey";
    this.#order = new CacheOrder(keys, { isByTime: parts.bytes.isExact, isTimeFirst, hasIndex });
  }

  get isOpen(): boolean {
    return this.#parts.scope.isOpen;
  }

  encodeKey(key: K): Uint8Array {
    const { name, scope, keySerde, topic } = this.#parts;
    scope.requireOpen(name);
    requireKey(name, key);
    return serializeWith(keySerde, key as K & {}, topic, keyPlace);
  }

  read(row: Uint8Array): S | null {
    const { access } = this.#parts;
    const value = access.read(row);
    return value === null ? null : this.view.seen(value, access.readTimestamp, access.readHeaders);
  }

  ofKey(key: K, search: RowSearch): WindowedCursor<K, S> {
    const bytes = this.encodeKey(key);
    const recent = this.#recentOf(bytes, search);
    if (recent !== undefined) return this.#cursor(recent, undefined);
    const known = this.#parts.access.followsPaths ? undefined : this.knownOf(bytes, search);
    if (known !== undefined) return this.#cursor(new ListedRows(known), undefined);
    return this.#ofKey(bytes, search, this.#order.ofKey(bytes, search));
  }

  ofAll(search: RowSearch): WindowedCursor<K, S> {
    const isByTime = this.#parts.order !== "key";
    return this.ofKeys(null, null, isByTime ? { ...search, order: "time" } : search);
  }

  ofKeys(from: K | null, to: K | null, search: RowSearch): WindowedCursor<K, S> {
    this.#parts.scope.requireOpen(this.#parts.name);
    const first = from === null ? null : this.encodeKey(from);
    const last = to === null ? null : this.encodeKey(to);
    const path = this.#order.ofKeys(first, last, search);
    const order = first === null || last === null ? -1 : compareBytes(first, last);
    if (first !== null && order === 0) return this.#ofKey(first, search, path);
    if (order > 0) return this.#cursor(noEntries, undefined);
    const { keys } = this;
    const { segments } = this.#parts.bytes.ledger;
    const isMeant = (row: Uint8Array): boolean => {
      const key = keys.keyOf(row);
      const time = keys.timeOf(row);
      return (
        (first === null || compareBytes(key, first) >= 0) &&
        (last === null || compareBytes(key, last) <= 0) &&
        time >= search.from &&
        time <= search.to
      );
    };
    const uses = this.#usesAlong(path, search, isMeant);
    const rows = this.#scan(search, {
      segments: segments.between(keys.segmentOf(search.from), keys.segmentOf(search.to)),
      rangeIn: (segment) => keys.rangeOfKeys(segment, first, last),
      isMeant,
      isUse: uses === undefined,
    });
    const { isReverse, order: rowOrder = this.#parts.order } = search;
    if (rowOrder === "key" || rowOrder === "timeOrKey") return this.#cursor(rows, uses);
    const isKeyLast = rowOrder === "timesThenKey";
    return this.#cursor(sortedByTime(rows, keys, { isReverse, isKeyLast }), uses);
  }

  /** What is found without a search; undefined: it must be searched. */
  protected knownOf(_key: Uint8Array, _search: RowSearch): readonly FoundRow[] | undefined {
    return undefined;
  }

  windowed(row: Uint8Array): Windowed<K> {
    return { key: this.#keyIn(row), window: this.#parts.windowOf(row) };
  }

  /** Windows of one key come one behind the other. */
  #keyIn(row: Uint8Array): K {
    const last = this.#lastRead;
    if (last !== undefined && this.keys.isKeyIn(row, last.bytes)) return last.key;
    const { keySerde, topic } = this.#parts;
    const bytes = this.keys.keyOf(row);
    const key = deserializeWith(keySerde, bytes, topic, keyPlace);
    this.#lastRead = isPrimitive(key) ? { bytes: copyBytes(bytes), key } : undefined;
    return key;
  }

  #recentOf(key: Uint8Array, { from, to, isReverse }: RowSearch): EntryCursor | undefined {
    const { bytes } = this.#parts;
    const rows = bytes.recentOfKey(key, from, Math.min(to, bytes.newestTime));
    if (rows === undefined || rows.length === 0) return rows && noEntries;
    return new ListedRows(isReverse ? rows.toReversed() : rows);
  }

  #ofKey(key: Uint8Array, search: RowSearch, path: CachePath): WindowedCursor<K, S> {
    const { keys } = this;
    const { bytes: stored } = this.#parts;
    const { from } = search;
    // Beyond the newest row lie those of keys that begin with this one.
    const to = Math.min(search.to, stored.newestTime);
    const uses = this.#usesAlong(
      path,
      search,
      (row) =>
        keys.timeOf(row) >= from &&
        keys.timeOf(row) <= search.to &&
        compareBytes(keys.keyOf(row), key) === 0,
    );
    const rows = this.#scan(search, {
      segments: stored.segmentsOfKey(key, from, to),
      rangeIn: (segment) => keys.rangeOfKey(segment, key, from, to),
      isMeant: (row) => keys.isOfKey(row, key),
      isUse: uses === undefined,
    });
    return this.#cursor(rows, uses);
  }

  #usesAlong(
    path: CachePath,
    { isReverse, isMeant: isSearched }: RowSearch,
    isMeant: (row: Uint8Array) => boolean,
  ): SearchUses | undefined {
    return this.#parts.access.usesAlong(path, {
      isReverse,
      isMeant: isSearched === undefined ? isMeant : (row) => isMeant(row) && isSearched(row),
    });
  }

  #scan(
    { isReverse, isMeant: isSearched, visibleFrom: ownFrom }: RowSearch,
    { segments, rangeIn, isMeant, isUse }: RowsToSearch,
  ): EntryCursor {
    if (segments.length === 0) return noEntries;
    const { access } = this.#parts;
    const visibleFrom = ownFrom ?? this.#parts.bytes.visibleFrom;
    const direction = isReverse ? "backward" : "forward";
    const cursors = (isReverse ? segments.toReversed() : segments).map((segment) => {
      const scan: StoreScan = { ...rangeIn(segment), direction, visibleFrom, isUse };
      return access.scan(scan);
    });
    return new SegmentCursor(
      cursors,
      isSearched === undefined ? isMeant : (row) => isMeant(row) && isSearched(row),
    );
  }

  #cursor(rows: EntryCursor, uses: SearchUses | undefined): WindowedCursor<K, S> {
    return new RowCursor(rows, { typed: this, format: this.#parts.format, uses });
  }
}

interface RowsToSearch {
  readonly segments: readonly number[];
  readonly rangeIn: (segment: number) => Pick<StoreScan, "from" | "to">;
  readonly isMeant: (row: Uint8Array) => boolean;
  readonly isUse: boolean;
}

class RowCursor<K, V, S> extends TypedCursor<Windowed<K>, S> implements WindowedCursor<K, S> {
  readonly #rows: EntryCursor;
  readonly #keys: RowKeys;
  readonly #format: StoreFormat<Uint8Array, V>;
  readonly #uses: SearchUses | undefined;
  #given: Uint8Array | null = null;

  constructor(
    rows: EntryCursor,
    {
      typed,
      format,
      uses,
    }: {
      readonly typed: RowReads<K, V, S>;
      readonly format: StoreFormat<Uint8Array, V>;
      readonly uses: SearchUses | undefined;
    },
  ) {
    super(rows, {
      key: (row) => typed.windowed(row),
      value: (bytes) =>
        typed.view.seen(format.decode(bytes), format.timestampOf(bytes), format.headersOf(bytes)),
    });
    this.#rows = rows;
    this.#format = format;
    this.#keys = typed.keys;
    this.#uses = uses;
  }

  override next(): boolean {
    if (this.#uses === undefined) return super.next();
    this.#uses.goOn(this.#given);
    if (!super.next()) return false;
    this.#given = this.#rows.key;
    return true;
  }

  get time(): Timestamp {
    return this.#keys.timeOf(this.#rows.key);
  }

  get headers(): Headers {
    return this.#format.headersOf(this.#rows.value);
  }
}
