import type { Serde } from "@millrace/serde";

/** All kinds of stores that a topology may ask for; window, session and versioned stores join here. */
export type StoreSpecification = KeyValueStoreSpecification<unknown, unknown>;

/** A key-value store to be built (Kafka: `StoreBuilder`). Frozen; make it with `keyValueStore` or `timestampedKeyValueStore`. */
export interface KeyValueStoreSpecification<K, V> {
  readonly kind: "keyValue";
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** True: a `TimestampedKeyValueStore`, whose bytes are timestamp (8) ++ value. */
  readonly isTimestamped: boolean;
  /** True: writes are held back and deduplicated until a flush. */
  readonly isCached: boolean;
  /** True: each write goes to a changelog too. */
  readonly isLogged: boolean;
  /** `rocksdb`: in the task's engine, which an application without RocksDB has in memory too. `memory`: restored from the changelog after each start. */
  readonly engine: StoreEngineKind;
}

export const storeEngineKinds = ["rocksdb", "memory"] as const;

export type StoreEngineKind = (typeof storeEngineKinds)[number];

export interface KeyValueStoreOptions<K, V> {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** Default false (as in Kafka's Processor API; the DSL turns it on). */
  readonly isCached?: boolean;
  /** Default true. */
  readonly isLogged?: boolean;
  /** Default `rocksdb`. */
  readonly engine?: StoreEngineKind;
}

/**
 * Specifies a plain key-value store (Kafka: `Stores.keyValueStoreBuilder`).
 *
 * @example keyValueStore({ name: "seen", key: string(), value: json<Seen>() })
 */
export function keyValueStore<K, V>(
  options: KeyValueStoreOptions<K, V>,
): KeyValueStoreSpecification<K, V> {
  return specification(options, false);
}

/** Specifies a key-value store that keeps timestamps (Kafka: `Stores.timestampedKeyValueStoreBuilder`). */
export function timestampedKeyValueStore<K, V>(
  options: KeyValueStoreOptions<K, V>,
): KeyValueStoreSpecification<K, V> {
  return specification(options, true);
}

function specification<K, V>(
  { name, key, value, isCached, isLogged, engine }: KeyValueStoreOptions<K, V>,
  isTimestamped: boolean,
): KeyValueStoreSpecification<K, V> {
  return Object.freeze({
    kind: "keyValue",
    name,
    key,
    value,
    isTimestamped,
    isCached: isCached ?? false,
    isLogged: isLogged ?? true,
    engine: engine ?? "rocksdb",
  });
}
