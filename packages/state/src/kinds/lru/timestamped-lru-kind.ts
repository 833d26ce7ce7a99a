import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { UpdatableKeyValueStore } from "../../contract/key-value-store.ts";
import type { StoreEnvironment } from "../../contract/open-store.ts";
import { specificationOf, type StoreKind } from "../../contract/store-specification.ts";
import { keyValueOperations } from "../../contract/store-operation.ts";
import { timestampedValues } from "../../layers/value-layout.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import { OpenKeyValueStore } from "../key-value/open-key-value-store.ts";
import { TimestampedStore } from "../timestamped-key-value/timestamped-store.ts";
import { LruBytes } from "./lru-bytes.ts";
import { requireEntriesMax, type LruStoreOptions, type LruStoreSpecification } from "./lru-kind.ts";

/** As Kafka's, it forgets beneath its changelog, which keeps what has gone. */
class OpenTimestampedLruStore extends OpenKeyValueStore<UpdatableKeyValueStore<unknown, unknown>> {
  readonly #lru: LruBytes;

  constructor(
    { entriesMax, ...specification }: LruStoreSpecification,
    bytes: EngineBytes,
    environment: StoreEnvironment,
  ) {
    const lru = new LruBytes(bytes, entriesMax);
    super(specification, bytes, environment, {
      layout: timestampedValues,
      make: (parts) => new TimestampedStore(parts),
      under: () => lru,
    });
    this.#lru = lru;
  }

  override discard(): void {
    super.discard();
    this.#lru.reset();
  }
}

const timestampedLruKind = {
  operations: keyValueOperations,
  name: "timestampedKeyValue",
  layout: 10,
  queriedAs: "keyValue",
  changelogConfigs: compactedChangelog,
  open: (specification: LruStoreSpecification, bytes, environment) =>
    new OpenTimestampedLruStore(specification, bytes, environment),
} satisfies StoreKind<UpdatableKeyValueStore<unknown, unknown>>;

/**
 * Specifies a store in memory of so many entries with timestamps: what the DSL keeps on an LRU map of Kafka's.
 *
 * @throws OptionError `INVALID_OPTION`
 * @example timestampedLruStore({ name: "recent", key: string(), value: json(Visit), entriesMax: 1000 })
 */
export function timestampedLruStore<K, V>(
  options: LruStoreOptions<K, V>,
): LruStoreSpecification<UpdatableKeyValueStore<K, V & {}>> {
  const entriesMax = requireEntriesMax(options);
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = timestampedLruKind as StoreKind<UpdatableKeyValueStore<K, V & {}>>;
  return Object.freeze({ ...specificationOf(kind, { ...options, engine: "memory" }), entriesMax });
}
