import type { Timestamp, Window, Windowed } from "@millrace/model";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import type { FlushListener, FlushListenerOptions } from "../../contract/updatable-store.ts";
import type { WindowStore } from "../../contract/window-store.ts";
import { OpenSegmentedStore } from "../segmented/open-segmented-store.ts";
import type { TypedRows } from "../segmented/typed-rows.ts";
import type { ValueView } from "../segmented/value-view.ts";
import { WindowReads, type WindowStoreParts } from "./window-reads.ts";
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
    viewOf: (rows, parts) => ({
      kind: "window",
      store: new WindowReads(rows, { ...parts, retainDuplicates }),
    }),
  });
}

/** Kafka: `MeteredWindowStore`. */
export class TypedWindowStore<K, V, S> extends WindowReads<K, V, S> implements WindowStore<K, S> {
  protected readonly rows: TypedRows<K, V, S>;

  constructor(rows: TypedRows<K, V, S>, parts: WindowStoreParts) {
    super(rows, parts);
    this.rows = rows;
  }

  put(key: K, value: S | null, start: Timestamp): void {
    this.rows.write(this.nextRow(key, start), value);
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
    const sequence = this.retainsDuplicates ? this.bytes.nextSequence() : 0;
    return this.rowOf(keyBytes, start, sequence);
  }
}
