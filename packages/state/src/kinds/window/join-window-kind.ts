import type { Timestamp } from "@millrace/model";
import { deserializeWith, serializeWith } from "@millrace/serde";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { StoreEnvironment } from "../../contract/open-store.ts";
import type { StoreKind } from "../../contract/store-specification.ts";
import type { JoinWindowStore } from "../../contract/window-store.ts";
import { rowSerde } from "../../layers/store-format.ts";
import { plainValues } from "../../layers/value-layout.ts";
import { segmentSpanMs } from "../segmented/open-segmented-store.ts";
import type { TypedRows } from "../segmented/typed-rows.ts";
import type { ValueView } from "../segmented/value-view.ts";
import { openWindowStore, TypedWindowStore, type WindowStoreParts } from "./open-window-store.ts";
import {
  windowChangelog,
  windowSpecificationOf,
  type WindowStoreOptions,
  type WindowStoreSpecification,
} from "./window-specification.ts";

/** Kafka: `MeteredTimestampedWindowStoreWithHeaders` over a store without headers. Beneath, values are bytes. */
class JoinWindows extends TypedWindowStore<unknown, unknown, unknown> {
  readonly encode: (value: unknown) => Uint8Array;

  constructor(
    rows: TypedRows<unknown, unknown, unknown>,
    parts: WindowStoreParts,
    encode: (value: unknown) => Uint8Array,
  ) {
    super(rows, parts);
    this.encode = encode;
  }

  putEncoded(key: unknown, value: Uint8Array | null, start: Timestamp): void {
    const row = this.nextRow(key, start);
    this.rows.noteSegment(row);
    this.rows.access.write(row, value, -1);
  }
}

/** The rows of a plain window store; in the changelog each has the headers of the record that was put. */
const joinWindowKind = {
  name: "window",
  layout: 3,
  segmentSpanMs,
  changelogConfigs: windowChangelog,
  open: (
    specification: WindowStoreSpecification,
    bytes: EngineBytes,
    environment: StoreEnvironment,
  ) => {
    const { changelogTopic: topic, recordContext } = environment;
    const { value: serde } = specification;
    const encode = (seen: unknown): Uint8Array => serializeWith(serde, seen as object, topic);
    const view: ValueView<unknown, unknown> = {
      layout: {
        ...plainValues,
        log: (changelog, key, stored, contextTimestamp) =>
          changelog.append(contextTimestamp, key, stored, recordContext.headers),
      },
      seen: (stored) => deserializeWith(serde, stored as Uint8Array, topic), // as `rowSerde` gives it
      valueOf: encode,
      timestampOf: () => -1,
    };
    return openWindowStore({ ...specification, value: rowSerde }, bytes, environment, {
      view,
      make: (rows, parts) => new JoinWindows(rows, parts, encode),
    });
  },
} satisfies StoreKind<JoinWindowStore<unknown, unknown>>;

/**
 * Specifies a store of the records that a join of two streams may still meet: it retains duplicates, and is never cached
 * (Kafka: `Stores.timestampedWindowStoreWithHeadersBuilder` over a supplier without headers).
 *
 * @throws DurationError, OptionError `INVALID_OPTION`
 * @example joinWindowStore({ name: "orders", key: string(), value: json(Order), windowSize: "2h", retention: "3h" })
 */
export function joinWindowStore<K, V>(
  options: Omit<WindowStoreOptions<K, V>, "caching" | "retainDuplicates">,
): WindowStoreSpecification<JoinWindowStore<K, V & {}>> {
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = joinWindowKind as StoreKind<JoinWindowStore<K, V & {}>>;
  return windowSpecificationOf(kind, { ...options, retainDuplicates: true });
}
