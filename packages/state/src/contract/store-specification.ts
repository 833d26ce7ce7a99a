import type { Windowed } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { EngineBytes } from "./bytes-store.ts";
import type { OpenStore, StoreEnvironment } from "./open-store.ts";
import type { StateStore } from "./state-store.ts";
import type { BufferSizes, StoreOperations } from "./store-operation.ts";
import type { StoreView } from "./store-view.ts";

/**
 * A store to be built, and the handle that gets it and knows its type (Kafka: `StoreBuilder`). Frozen; make it with the
 * function of its kind, such as `keyValueStore`. Whoever names the same specification shares one store.
 */
export interface StoreSpecification<out Store extends StateStore = StateStore> {
  readonly kind: SpecifiedKind;
  /** Only in types: the store that it opens. */
  readonly opens?: Store;
  readonly name: string;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  /** True: writes are held back and deduplicated until a flush. */
  readonly caching: boolean;
  /** False: no changelog. An object: topic configs of the changelog, over those of the kind. */
  readonly logging: boolean | Readonly<Record<string, string>>;
  /** `rocksdb`: in the task's engine, which an application without RocksDB has in memory too. `memory`: restored from the changelog after each start. */
  readonly engine: StoreEngineKind;
  /** What its windows are, where their size does not tell: nothing goes by it, but versions of a program differ in it. */
  readonly windows?: string | undefined;
}

/** What a specification tells of its kind. How a store is opened is between the kind and those who open stores. */
export interface SpecifiedKind {
  /** As the kind is told of in descriptions, such as `timestampedKeyValue`. */
  readonly name: string;
  /** How entries lie in the engine. A store that was written in another layout begins anew. */
  readonly layout: number;
  /** How much time a segment of its entries spans. A store that was written with another span begins anew. */
  segmentSpanMs?(specification: StoreSpecification): number;
  /** How queries ask it; absent: they may not. */
  readonly queriedAs?: StoreView["kind"];
  /** The key and the window in a key of the changelog; absent: it is the key. */
  windowInKey?(specification: StoreSpecification, logged: Uint8Array): Windowed<Uint8Array>;
  /** Kafka's topic configs of the changelog. */
  changelogConfigs(specification: StoreSpecification): Readonly<Record<string, string>>;
}

/**
 * All that there is to know about one kind of store: a folder under `kinds/` each, which nobody else knows. It is asked
 * about specifications of its own alone.
 */
export interface StoreKind<out Store extends StateStore = StateStore> extends SpecifiedKind {
  /** What is measured of its stores; absent: nothing is. */
  readonly operations?: StoreOperations;
  /** Of stores that hold records back: how many, and what changes it; absent: it holds none. */
  readonly buffer?: BufferSizes<Store>;
  /** @param bytes the store's part of its task's engine, seen through the writes that are not committed */
  open(
    specification: StoreSpecification,
    bytes: EngineBytes,
    environment: StoreEnvironment,
  ): OpenStore<Store>;
}

export const storeEngineKinds = ["rocksdb", "memory"] as const;

export type StoreEngineKind = (typeof storeEngineKinds)[number];

/** What can be said of a store of any kind. */
export interface StoreOptions<K, V> {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** Default false (as in Kafka's Processor API; the DSL turns it on). */
  readonly caching?: boolean;
  /** False: no changelog; what the store holds is gone with the disk. An object: topic configs of the changelog. Default true. */
  readonly logging?: boolean | Readonly<Record<string, string>>;
  /** Default `rocksdb`. */
  readonly engine?: StoreEngineKind;
}

/** Of kinds that may have room for headers. */
export interface HeadersOption {
  /**
   * True: each row has room for headers, and so has its record in the changelog (Kafka 4.3: `…StoreWithHeadersBuilder`). A
   * store that had none begins anew, from its changelog. Default false.
   */
  readonly headers?: boolean;
}

/** The kind of a specification, whole: `specificationOf` took it as such. */
export function kindOf(specification: StoreSpecification): StoreKind {
  return specification.kind as StoreKind;
}

/** What all specifications have, with the defaults. */
export function specificationOf<Store extends StateStore, K, V>(
  kind: StoreKind<Store>,
  { name, key, value, caching, logging, engine }: StoreOptions<K, V>,
): StoreSpecification<Store> {
  return {
    kind,
    name,
    key,
    value,
    caching: caching ?? false,
    logging: logging ?? true,
    engine: engine ?? "rocksdb",
  };
}
