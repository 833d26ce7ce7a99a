import type { Timestamp, Window, Windowed } from "@millrace/model";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import { StateError } from "../../contract/state-error.ts";
import type { FlushListener, FlushListenerOptions } from "../../contract/updatable-store.ts";
import type { TimeRange, WindowedCursor, WindowStore } from "../../contract/window-store.ts";
import { OpenSegmentedStore, type SegmentedParts } from "../segmented/open-segmented-store.ts";
import type { SegmentedBytes } from "../segmented/segmented-bytes.ts";
import type { RowSearch, TypedRows } from "../segmented/typed-rows.ts";
import type { ValueView } from "../segmented/value-view.ts";
import type { WindowStoreSpecification } from "./window-specification.ts";

/** Opens a store of windows; `make` gives what users see of it. */
export function openWindowStore<S, Store extends TypedWindowStore<unknown, unknown, S>>(
  specification: WindowStoreSpecification,
  bytes: EngineBytes,
  environment: StoreEnvironment,
  variant: {
    readonly view: ValueView<unknown, S>;
    readonly make: (rows: TypedRows<unknown, unknown, S>, parts: WindowStoreParts) => Store;
  },
): OpenStore<Store> {
  const { retainDuplicates, windowEnd } = specification;
  return new OpenSegmentedStore(specification, bytes, environment, {
    view: variant.view,
    lastBytes: 4,
    deletions: retainDuplicates ? "ignored" : "counted",
    // With duplicates a window is looked through, without them its start is known.
    filterStepMs: retainDuplicates ? Math.max(1, Math.floor(windowEnd(0) / 8)) : 1,
    windowOf: (keys, row): Window => {
      const start = keys.timeOf(row);
      return { start, end: windowEnd(start) };
    },
    make: (rows, parts) => variant.make(rows, { ...parts, retainDuplicates }),
  });
}

export interface WindowStoreParts extends SegmentedParts {
  readonly retainDuplicates: boolean;
}

/** Kafka: `MeteredWindowStore`. */
export class TypedWindowStore<K, V, S> implements WindowStore<K, S> {
  readonly name: string;
  readonly isPersistent: boolean;
  protected readonly rows: TypedRows<K, V, S>;
  readonly #bytes: SegmentedBytes;
  readonly #retainsDuplicates: boolean;

  constructor(
    rows: TypedRows<K, V, S>,
    { name, isPersistent, bytes, retainDuplicates }: WindowStoreParts,
  ) {
    this.name = name;
    this.isPersistent = isPersistent;
    this.rows = rows;
    this.#bytes = bytes;
    this.#retainsDuplicates = retainDuplicates;
  }

  get isOpen(): boolean {
    return this.rows.isOpen;
  }

  put(key: K, value: S | null, start: Timestamp): void {
    this.rows.write(this.nextRow(key, start), value);
  }

  fetch(key: K, start: Timestamp): S | null {
    const sequence = this.#retainsDuplicates ? this.#bytes.ledger.sequence : 0;
    return this.rows.read(this.rowOf(this.rows.encodeKey(key), start, sequence));
  }

  fetchRange(key: K, range?: TimeRange): WindowedCursor<K, S> {
    return this.rows.ofKey(key, searchOf(range));
  }

  fetchKeys(from: K | null, to: K | null, range?: TimeRange): WindowedCursor<K, S> {
    return this.rows.ofKeys(from, to, searchOf(range));
  }

  fetchAll(range?: TimeRange): WindowedCursor<K, S> {
    return this.rows.ofAll(searchOf(range));
  }

  get isCached(): boolean {
    return this.rows.access.isCached;
  }

  setFlushListener(
    listener: FlushListener<Windowed<K>, V>,
    options: FlushListenerOptions,
  ): boolean {
    return this.rows.setFlushListener(listener, options);
  }

  /** The row for a put. */
  protected nextRow(key: K, start: Timestamp): Uint8Array {
    const keyBytes = this.rows.encodeKey(key);
    const sequence = this.#retainsDuplicates ? this.#bytes.nextSequence() : 0;
    return this.rowOf(keyBytes, start, sequence);
  }

  protected rowOf(keyBytes: Uint8Array, start: Timestamp, sequence = 0): Uint8Array {
    if (!(start >= 0))
      throw new StateError(
        "INVALID_STORE_KEY",
        `store ${this.name} was given a window that starts at ${start}; windows start at 0 or later`,
      );
    return this.rows.keys.row(keyBytes, start, sequence);
  }
}

function searchOf({ from = 0, to = Infinity, reverse = false }: TimeRange = {}): RowSearch {
  return { from, to, isReverse: reverse };
}
