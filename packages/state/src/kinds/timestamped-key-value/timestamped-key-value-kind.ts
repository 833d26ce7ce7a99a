import type { UpdatableKeyValueStore } from "../../contract/key-value-store.ts";
import {
  specificationOf,
  type HeadersOption,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import { keyValueOperations } from "../../contract/store-operation.ts";
import { timestampedValues, timestampedValuesWithHeaders } from "../../layers/value-layout.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import { OpenKeyValueStore } from "../key-value/open-key-value-store.ts";
import { TimestampedStore, TimestampedStoreWithHeaders } from "./timestamped-store.ts";
import { UntimedBytes } from "./untimed-bytes.ts";

const timestampedKeyValueKind: StoreKind<UpdatableKeyValueStore<unknown, unknown>> = {
  operations: keyValueOperations,
  name: "timestampedKeyValue",
  layout: 2,
  queriedAs: "keyValue",
  changelogConfigs: compactedChangelog,
  open: (specification, bytes, environment) =>
    new OpenKeyValueStore(specification, bytes, environment, {
      layout: timestampedValues,
      make: (parts) => new TimestampedStore(parts),
    }),
};

const timestampedKeyValueWithHeadersKind: StoreKind<UpdatableKeyValueStore<unknown, unknown>> = {
  ...timestampedKeyValueKind,
  name: "timestampedKeyValueWithHeaders",
  layout: 12,
  open: (specification, bytes, environment) =>
    new OpenKeyValueStore(specification, bytes, environment, {
      layout: timestampedValuesWithHeaders,
      make: (parts) => new TimestampedStoreWithHeaders(parts),
    }),
};

/**
 * Specifies a key-value store that keeps timestamps (Kafka: `Stores.timestampedKeyValueStoreBuilder`), and headers where it
 * is told to.
 *
 * @example timestampedKeyValueStore({ name: "totals", key: string(), value: double(), caching: true })
 */
export function timestampedKeyValueStore<K, V>(
  options: StoreOptions<K, V> & HeadersOption,
): StoreSpecification<UpdatableKeyValueStore<K, V & {}>> {
  const { headers = false } = options;
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = (
    headers ? timestampedKeyValueWithHeadersKind : timestampedKeyValueKind
  ) as StoreKind<UpdatableKeyValueStore<K, V & {}>>;
  return Object.freeze(specificationOf(kind, options));
}

const untimedKeyValueKind: StoreKind<UpdatableKeyValueStore<unknown, unknown>> = {
  ...timestampedKeyValueKind,
  layout: 9,
  open: (specification, bytes, environment) =>
    new OpenKeyValueStore(specification, bytes, environment, {
      layout: timestampedValues,
      make: (parts) => new TimestampedStore(parts),
      under: (staged) => new UntimedBytes(staged),
      readAs: (staged) => new UntimedBytes(staged),
    }),
};

/**
 * Specifies a store that is used as one with timestamps and keeps none: what its cache no longer holds is of time -1. Its
 * rows are those of `keyValueStore`.
 *
 * @example untimedKeyValueStore({ name: "totals", key: string(), value: double() })
 */
export function untimedKeyValueStore<K, V>(
  options: StoreOptions<K, V>,
): StoreSpecification<UpdatableKeyValueStore<K, V & {}>> {
  // As above.
  const kind = untimedKeyValueKind as StoreKind<UpdatableKeyValueStore<K, V & {}>>;
  return Object.freeze(specificationOf(kind, options));
}
