import type { UpdatableKeyValueStore } from "../../contract/key-value-store.ts";
import {
  specificationOf,
  type HeadersOption,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import { keyValueOperations } from "../../contract/store-operation.ts";
import { timestampedValues, type ValueLayout } from "../../layers/value-layout.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import { OpenKeyValueStore } from "../key-value/open-key-value-store.ts";
import { timestampedKeyValueStore } from "./timestamped-key-value-kind.ts";
import { TimestampedStore } from "./timestamped-store.ts";

/** The store keeps no headers, its changelog has those of the records that wrote it. */
const loggedWithHeaders: ValueLayout = {
  ...timestampedValues,
  log: (changelog, key, stored, { timestamp, headers }) => {
    const { timestampOf, valueOf } = timestampedValues;
    if (stored === null) changelog.append(timestamp, key, null, headers);
    else changelog.append(timestampOf(stored), key, valueOf(stored), headers);
  },
};

const subscriptionKind: StoreKind<UpdatableKeyValueStore<unknown, unknown>> = {
  operations: keyValueOperations,
  name: "timestampedKeyValue",
  layout: 2,
  queriedAs: "keyValue",
  changelogConfigs: compactedChangelog,
  open: (specification, bytes, environment) =>
    new OpenKeyValueStore(specification, bytes, environment, {
      layout: loggedWithHeaders,
      make: (parts) => new TimestampedStore(parts),
    }),
};

/**
 * Specifies what a foreign-key join keeps of who wants to know of a key (Kafka:
 * `Stores.timestampedKeyValueStoreWithHeadersBuilder` over a supplier without headers). Never cached.
 *
 * @example subscriptionStore({ name: "orders-of-customers", key: bytes(), value: subscriptionSerde })
 */
export function subscriptionStore<K, V>(
  options: Omit<StoreOptions<K, V>, "caching"> & HeadersOption,
): StoreSpecification<UpdatableKeyValueStore<K, V & {}>> {
  if (options.headers === true) return timestampedKeyValueStore(options);
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = subscriptionKind as StoreKind<UpdatableKeyValueStore<K, V & {}>>;
  return Object.freeze(specificationOf(kind, options));
}
