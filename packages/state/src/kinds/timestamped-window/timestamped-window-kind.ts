import type { Timestamp } from "@millrace/model";
import type { ValueAndTimestamp } from "../../contract/key-value-store.ts";
import type { HeadersOption, StoreKind } from "../../contract/store-specification.ts";
import type { UpdatableWindowStore } from "../../contract/window-store.ts";
import { windowOperations } from "../../contract/store-operation.ts";
import { segmentSpanMs } from "../segmented/open-segmented-store.ts";
import { timestampedView, timestampedViewWithHeaders } from "../segmented/value-view.ts";
import { openWindowStore, TypedWindowStore } from "../window/open-window-store.ts";
import {
  windowChangelog,
  windowInKey,
  windowSpecificationOf,
  type WindowStoreOptions,
  type WindowStoreSpecification,
} from "../window/window-specification.ts";

/** Kafka: `MeteredTimestampedWindowStore`. */
class TimestampedWindows<K, V>
  extends TypedWindowStore<K, V, ValueAndTimestamp<V>>
  implements UpdatableWindowStore<K, V>
{
  readForUpdate(key: K, keyBytes: Uint8Array | null, start: Timestamp): V | null {
    const row = this.rowAtOnce(keyBytes ?? this.rows.encodeKey(key), start);
    const value = this.rows.access.readForUpdate(row, null);
    // Only now: a row that is noted is asked for.
    this.rows.noteSegment(row);
    return value;
  }

  get timestampOfRead(): Timestamp {
    return this.rows.access.timestampOfRead;
  }

  writeUpdated(value: V | null, timestamp: Timestamp): void {
    this.rows.access.writeUpdated(value, timestamp);
  }
}

const timestampedWindowKind = {
  operations: windowOperations,
  name: "timestampedWindow",
  layout: 4,
  segmentSpanMs,
  queriedAs: "window",
  windowInKey,
  changelogConfigs: windowChangelog,
  open: (specification: WindowStoreSpecification, bytes, environment) =>
    openWindowStore(specification, bytes, environment, {
      view: timestampedView,
      make: (rows, parts) => new TimestampedWindows(rows, parts),
    }),
} satisfies StoreKind<UpdatableWindowStore<unknown, unknown>>;

const timestampedWindowWithHeadersKind = {
  ...timestampedWindowKind,
  name: "timestampedWindowWithHeaders",
  layout: 13,
  open: (specification: WindowStoreSpecification, bytes, environment) =>
    openWindowStore(specification, bytes, environment, {
      view: timestampedViewWithHeaders,
      make: (rows, parts) => new TimestampedWindows(rows, parts),
    }),
} satisfies StoreKind<UpdatableWindowStore<unknown, unknown>>;

/**
 * Specifies a window store that keeps timestamps (Kafka: `Stores.timestampedWindowStoreBuilder`), and headers where it is told
 * to.
 *
 * @throws DurationError, OptionError `INVALID_OPTION`
 * @example timestampedWindowStore({ name: "per-minute", key: string(), value: int64AsNumber(), windowSize: "1m", retention: "1h" })
 */
export function timestampedWindowStore<K, V>(
  options: WindowStoreOptions<K, V> & HeadersOption,
): WindowStoreSpecification<UpdatableWindowStore<K, V & {}>> {
  const { headers = false } = options;
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = (headers ? timestampedWindowWithHeadersKind : timestampedWindowKind) as StoreKind<
    UpdatableWindowStore<K, V & {}>
  >;
  return windowSpecificationOf(kind, options);
}
