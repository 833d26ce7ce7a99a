import { OptionError } from "@millrace/model";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { KeyValueStore } from "../../contract/key-value-store.ts";
import type { ChangelogRecord, StoreEnvironment } from "../../contract/open-store.ts";
import type { StateStore } from "../../contract/state-store.ts";
import {
  specificationOf,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import { keyValueOperations } from "../../contract/store-operation.ts";
import { plainValues } from "../../layers/value-layout.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import { OpenKeyValueStore } from "../key-value/open-key-value-store.ts";
import { PlainKeyValueStore } from "../key-value/plain-key-value-store.ts";
import { LruBytes } from "./lru-bytes.ts";

export interface LruStoreOptions<K, V> extends Omit<StoreOptions<K, V>, "engine"> {
  /** How many entries it keeps: those that were read or written last. At least 1. */
  readonly entriesMax: number;
}

export interface LruStoreSpecification<
  out Store extends StateStore = StateStore,
> extends StoreSpecification<Store> {
  readonly entriesMax: number;
}

class OpenLruStore extends OpenKeyValueStore<KeyValueStore<unknown, unknown>> {
  readonly #bytes: EngineBytes;
  readonly #lru: LruBytes | undefined;

  constructor(
    { entriesMax, ...specification }: LruStoreSpecification,
    bytes: EngineBytes,
    environment: StoreEnvironment,
  ) {
    let lru: LruBytes | undefined;
    super(specification, bytes, environment, {
      layout: plainValues,
      make: (parts) => new PlainKeyValueStore(parts),
      over: (logged) => (lru = new LruBytes(logged, entriesMax)),
    });
    this.#bytes = bytes;
    this.#lru = lru;
  }

  /** What goes while it is restored is in the changelog already, or will be. */
  override restore(key: Uint8Array, record: ChangelogRecord): void {
    const evicted = this.#lru?.noteWrite(key, record.value);
    if (evicted !== undefined) this.#bytes.put(evicted, null);
    super.restore(key, record);
  }

  override discard(): void {
    super.discard();
    this.#lru?.reset();
  }
}

const lruKind = {
  operations: keyValueOperations,
  name: "keyValue",
  layout: 8,
  queriedAs: "keyValue",
  changelogConfigs: compactedChangelog,
  open: (specification: LruStoreSpecification, bytes, environment) =>
    new OpenLruStore(specification, bytes, environment),
} satisfies StoreKind<KeyValueStore<unknown, unknown>>;

/**
 * Specifies a store in memory of so many entries (Kafka: `Stores.lruMap`). What it evicts is deleted in its changelog.
 *
 * @throws OptionError `INVALID_OPTION`
 * @example lruStore({ name: "recent", key: string(), value: json(Visit), entriesMax: 1000 })
 */
export function lruStore<K, V>(
  options: LruStoreOptions<K, V>,
): LruStoreSpecification<KeyValueStore<K, V & {}>> {
  const entriesMax = requireEntriesMax(options);
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = lruKind as StoreKind<KeyValueStore<K, V & {}>>;
  return Object.freeze({ ...specificationOf(kind, { ...options, engine: "memory" }), entriesMax });
}

/** @throws OptionError `INVALID_OPTION` */
export function requireEntriesMax({
  entriesMax,
  name,
}: Pick<LruStoreOptions<unknown, unknown>, "entriesMax" | "name">): number {
  if (!(Number.isSafeInteger(entriesMax) && entriesMax > 0))
    throw new OptionError(
      "INVALID_OPTION",
      `entriesMax of store ${name} is ${entriesMax}; give a whole number of at least 1`,
    );
  return entriesMax;
}
