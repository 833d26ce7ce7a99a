import {
  specificationOf,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import type { TimeOrderedBuffer } from "../../contract/time-ordered-buffer.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import { SuppressionBuffer } from "./suppression-buffer.ts";

const suppressionKind: StoreKind<TimeOrderedBuffer<unknown, unknown>> = {
  name: "suppression",
  layout: 21,
  changelogConfigs: compactedChangelog,
  buffer: {
    changedBy: ["put", "evictWhile"],
    count: ({ entryCount }) => entryCount,
    bytes: ({ sizeBytes }) => sizeBytes,
  },
  open: (specification, bytes, environment) =>
    new SuppressionBuffer(specification, bytes, environment),
};

/**
 * Specifies a buffer of changes that wait for their time, in memory and in its changelog (Kafka:
 * `InMemoryTimeOrderedKeyValueChangeBuffer.Builder`).
 *
 * @example suppressionBuffer({ name: "waiting", key: string(), value: json(Order) })
 */
export function suppressionBuffer<K, V>(
  options: Omit<StoreOptions<K, V>, "caching" | "engine">,
): StoreSpecification<TimeOrderedBuffer<K, V & {}>> {
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = suppressionKind as StoreKind<TimeOrderedBuffer<K, V & {}>>;
  return Object.freeze(specificationOf(kind, { ...options, engine: "memory" }));
}
