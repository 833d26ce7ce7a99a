import type { Timestamp } from "@millrace/model";
import type { TimestampedKeyValueStore, UpdatableKeyValueStore } from "@millrace/state";

import type { ProcessorContext } from "./processor.ts";

/** Looks up the values of a table from another operator (Kafka: `KTableValueGetter`). */
export interface ValueGetter<K = unknown, V = unknown> {
  /** The value of a key, or null. */
  get(key: K): V | null;
  /** Timestamp of what `get` gave; -1 if there was nothing. */
  readonly timestamp: Timestamp;
}

/** How the values of a table are reached: through its own store, or computed from those of other tables. */
export interface TableView {
  /** The stores that an operator must be connected to, to open the view. */
  readonly storeNames: readonly string[];
  readonly open: (context: ProcessorContext) => ValueGetter;
}

/** The table as its own store has it. */
export function storeView(store: string): TableView {
  return { storeNames: [store], open: (context) => new StoreGetter(context, store) };
}

class StoreGetter implements ValueGetter {
  readonly #store: UpdatableKeyValueStore<unknown, unknown>;

  constructor(context: ProcessorContext, name: string) {
    this.#store = context.store<UpdatableKeyValueStore<unknown, unknown>>(name);
  }

  get(key: unknown): unknown {
    return this.#store.readForUpdate(key, null);
  }

  get timestamp(): Timestamp {
    return this.#store.timestampOfRead;
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

  get(key: unknown): unknown {
    const value = this.#parent.get(key);
    const computed = value === null ? null : this.#compute(key, value);
    this.#isThere = computed !== null;
    return computed;
  }

  get timestamp(): Timestamp {
    return this.#isThere ? this.#parent.timestamp : -1;
  }
}
