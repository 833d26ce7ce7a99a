import type { StoreKind } from "../../contract/store-specification.ts";
import type { WindowStore } from "../../contract/window-store.ts";
import { windowOperations } from "../../contract/store-operation.ts";
import { segmentSpanMs } from "../segmented/open-segmented-store.ts";
import { plainView } from "../segmented/value-view.ts";
import { openWindowStore, TypedWindowStore } from "./open-window-store.ts";
import {
  windowChangelog,
  windowInKey,
  windowSpecificationOf,
  type WindowStoreOptions,
  type WindowStoreSpecification,
} from "./window-specification.ts";

const windowKind = {
  operations: windowOperations,
  name: "window",
  layout: 3,
  segmentSpanMs,
  queriedAs: "window",
  windowInKey,
  changelogConfigs: windowChangelog,
  open: (specification: WindowStoreSpecification, bytes, environment) =>
    openWindowStore(specification, bytes, environment, {
      view: plainView,
      make: (rows, parts) => new TypedWindowStore(rows, parts),
    }),
} satisfies StoreKind<WindowStore<unknown, unknown>>;

/**
 * Specifies a window store (Kafka: `Stores.windowStoreBuilder`).
 *
 * @throws DurationError, OptionError `INVALID_OPTION`
 * @example windowStore({ name: "clicks", key: string(), value: int32(), windowSize: "1m", retention: "1h" })
 */
export function windowStore<K, V>(
  options: WindowStoreOptions<K, V>,
): WindowStoreSpecification<WindowStore<K, V & {}>> {
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = windowKind as StoreKind<WindowStore<K, V & {}>>;
  return windowSpecificationOf(kind, options);
}
