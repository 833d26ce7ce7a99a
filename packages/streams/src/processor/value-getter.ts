import type { Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { TimestampedKeyValueStore, UpdatableStore } from "@millrace/state";

import type { ProcessorContext } from "./processor.ts";
import { LatestVersions, openTableStore } from "./table-store.ts";

/** Looks up the values of a table from another operator (Kafka: `KTableValueGetter`). */
export interface ValueGetter<K = unknown, V = unknown> {
  /**
   * The value of a key, or null.
   *
   * @param asOf of a versioned table: what was valid then; others give what they have now
   */
  get(key: K, asOf?: Timestamp): V | null;
  /** Timestamp of what `get` gave; -1 if there was nothing. */
  readonly timestamp: Timestamp;
  /** The bytes of what `get` gave, as this serde wrote them, where they are at hand. */
  bytesOf?(serde: Serde<unknown>): Uint8Array | null;
  /** As `get`, without decoding: those bytes. Null: there is no value; undefined, or absent: they are not at hand. */
  getBytes?(key: K, serde: Serde<unknown>): Uint8Array | null | undefined;
}

/** How the values of a table are reached: through its own store, or computed from those of other tables. */
export interface TableView {
  /** The stores that an operator must be connected to, to open the view. */
  readonly storeNames: readonly string[];
  /** For how long the past can be asked for; undefined: it cannot. */
  readonly historyRetentionMs?: number | undefined;
  readonly open: (context: ProcessorContext) => ValueGetter;
}

/** The table as its own store has it. */
export function storeView(store: string, historyRetentionMs?: number): TableView {
  const open = (context: ProcessorContext): ValueGetter => new StoreGetter(context, store);
  return { storeNames: [store], historyRetentionMs, open };
}

class StoreGetter implements ValueGetter {
  readonly #store: UpdatableStore<unknown, unknown>;

  constructor(context: ProcessorContext, name: string) {
    this.#store = openTableStore(context, name);
  }

  get(key: unknown, asOf?: Timestamp): unknown {
    const store = this.#store;
    return asOf !== undefined && store instanceof LatestVersions
      ? store.readAsOf(key, asOf)
      : store.readForUpdate(key, null);
  }

  get timestamp(): Timestamp {
    return this.#store.timestampOfRead;
  }

  bytesOf(serde: Serde<unknown>): Uint8Array | null {
    return this.#store.bytesOfRead(serde);
  }

  getBytes(key: unknown, serde: Serde<unknown>): Uint8Array | null | undefined {
    return this.#store.readBytes(key, serde);
  }
}

/** A global table, which no operator is connected to. */
export function globalStoreView(store: string): TableView {
  return { storeNames: [], open: (context) => new GlobalStoreGetter(context, store) };
}

class GlobalStoreGetter implements ValueGetter {
  readonly #store: TimestampedKeyValueStore<unknown, unknown>;
  #timestamp: Timestamp = -1;

  constructor(context: ProcessorContext, name: string) {
    this.#store = context.store<TimestampedKeyValueStore<unknown, unknown>>(name);
  }

  get(key: unknown): unknown {
    const found = this.#store.get(key);
    this.#timestamp = found?.timestamp ?? -1;
    return found?.value ?? null;
  }

  get timestamp(): Timestamp {
    return this.#timestamp;
  }
}

/** A table that is computed from another one, value by value, when it is asked. */
export function derivedView(
  parent: TableView,
  compute: (key: unknown, value: unknown) => unknown,
): TableView {
  return {
    storeNames: parent.storeNames,
    historyRetentionMs: parent.historyRetentionMs,
    open: (context) => new DerivedGetter(parent.open(context), compute),
  };
}

class DerivedGetter implements ValueGetter {
  readonly #parent: ValueGetter;
  readonly #compute: (key: unknown, value: unknown) => unknown;
  #isThere = false;

  constructor(parent: ValueGetter, compute: (key: unknown, value: unknown) => unknown) {
    this.#parent = parent;
    this.#compute = compute;
  }

  get(key: unknown, asOf?: Timestamp): unknown {
    const value = this.#parent.get(key, asOf);
    const computed = value === null ? null : this.#compute(key, value);
    this.#isThere = computed !== null;
    return computed;
  }

  get timestamp(): Timestamp {
    return this.#isThere ? this.#parent.timestamp : -1;
  }
}
