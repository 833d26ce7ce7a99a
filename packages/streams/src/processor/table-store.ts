import { invariant, type Timestamp } from "@millrace/model";
import type {
  StateStore,
  UpdatableStore,
  ValueAndTimestamp,
  VersionedKeyValueStore,
  VersionPut,
} from "@millrace/state";

import type { ProcessorContext } from "./processor.ts";

/** What operators do to the store of a table. */
export interface TableStore<K, V> extends UpdatableStore<K, V> {
  /** Without having read the key. @param timestamp of a deletion, too */
  put(key: K, stored: ValueAndTimestamp<V> | null, timestamp: Timestamp): void;
}

/** The store of a table as operators use it, whatever its kind (Kafka: `KeyValueStoreWrapper`). */
export function openTableStore<K, V>(
  context: ProcessorContext,
  name: string,
): TableStore<K, V> | LatestVersions<K, V> {
  const store = context.store<TableStore<K, V> & StateStore>(name);
  return isVersioned<K, V>(store) ? new LatestVersions(store) : store;
}

function isVersioned<K, V>(store: StateStore): store is VersionedKeyValueStore<K, V> {
  return "history" in store;
}

/** A versioned store read and written as others are: by its latest versions, and as of a time. */
export class LatestVersions<K, V> implements TableStore<K, V> {
  readonly isCached = false;
  readonly #store: VersionedKeyValueStore<K, V>;
  #key: K | undefined;
  #timestampOfRead: Timestamp = -1;
  #lastPut: VersionPut = "latest";

  constructor(store: VersionedKeyValueStore<K, V>) {
    this.#store = store;
  }

  get timestampOfRead(): Timestamp {
    return this.#timestampOfRead;
  }

  /** What became of the last write. */
  get lastPut(): VersionPut {
    return this.#lastPut;
  }

  readForUpdate(key: K): V | null {
    this.#key = key;
    return this.#read(key, undefined);
  }

  /** The value that was valid then. */
  readAsOf(key: K, asOf: Timestamp): V | null {
    return this.#read(key, asOf);
  }

  writeUpdated(value: V | null, timestamp: Timestamp): void {
    const key = this.#key;
    invariant(key !== undefined, "STATE-5", "writeUpdated without readForUpdate");
    this.#key = undefined;
    this.#lastPut = this.#store.put(key, value, timestamp);
  }

  /** Versions are written one by one, each anew. */
  isWrittenBy(): boolean {
    return false;
  }

  /** Which version was read last is not known here. */
  bytesOfRead(): null {
    return null;
  }

  readBytes(): undefined {}

  put(key: K, stored: ValueAndTimestamp<V> | null, timestamp: Timestamp): void {
    this.#lastPut = this.#store.put(key, stored?.value ?? null, timestamp);
  }

  /** It is never cached: the listener would have nothing to hear. */
  setFlushListener(): boolean {
    return false;
  }

  #read(key: K, asOf: Timestamp | undefined): V | null {
    const found = this.#store.get(key, asOf);
    this.#timestampOfRead = found?.timestamp ?? -1;
    return found?.value ?? null;
  }
}
