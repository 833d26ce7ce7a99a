import type { KeyValueStore } from "../../contract/key-value-store.ts";
import {
  specificationOf,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import { keyValueOperations } from "../../contract/store-operation.ts";
import { plainValues } from "../../layers/value-layout.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import { OpenKeyValueStore } from "./open-key-value-store.ts";
import { PlainKeyValueStore } from "./plain-key-value-store.ts";

const keyValueKind: StoreKind<KeyValueStore<unknown, unknown>> = {
  operations: keyValueOperations,
  name: "keyValue",
  layout: 1,
  queriedAs: "keyValue",
  changelogConfigs: compactedChangelog,
  open: (specification, bytes, environment) =>
    new OpenKeyValueStore(specification, bytes, environment, {
      layout: plainValues,
      make: (parts) => new PlainKeyValueStore(parts),
    }),
};

/**
 * Specifies a plain key-value store (Kafka: `Stores.keyValueStoreBuilder`).
 *
 * @example keyValueStore({ name: "seen", key: string(), value: json<Seen>() })
 */
export function keyValueStore<K, V>(
  options: StoreOptions<K, V>,
): StoreSpecification<KeyValueStore<K, V & {}>> {
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = keyValueKind as StoreKind<KeyValueStore<K, V & {}>>;
  return Object.freeze(specificationOf(kind, options));
}
