import { noHeaders, type Timestamp } from "@millrace/model";
import { deserializeWith, serializeWith, valuePlace } from "@millrace/serde";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import type { RecordContext } from "../../contract/record-context.ts";
import { requireValue } from "../../contract/store-scope.ts";
import type { HeadersOption, StoreKind } from "../../contract/store-specification.ts";
import type { JoinWindowStore } from "../../contract/window-store.ts";
import { windowOperations } from "../../contract/store-operation.ts";
import { rowSerde } from "../../layers/store-format.ts";
import {
  plainValues,
  timestampedValuesWithHeaders,
  type ValueLayout,
} from "../../layers/value-layout.ts";
import { segmentSpanMs } from "../segmented/open-segmented-store.ts";
import type { TypedRows } from "../segmented/typed-rows.ts";
import type { ValueView } from "../segmented/value-view.ts";
import { openWindowStore, TypedWindowStore } from "./open-window-store.ts";
import type { WindowStoreParts } from "./window-reads.ts";
import {
  windowChangelog,
  windowInKey,
  windowSpecificationOf,
  type WindowStoreOptions,
  type WindowStoreSpecification,
} from "./window-specification.ts";

interface JoinWindowParts extends WindowStoreParts {
  readonly encode: (value: unknown) => Uint8Array;
  readonly recordContext: RecordContext;
}

/** Kafka: `MeteredTimestampedWindowStoreWithHeaders`. Beneath, values are bytes. */
class JoinWindows extends TypedWindowStore<unknown, unknown, unknown> {
  readonly encode: (value: unknown) => Uint8Array;
  readonly #recordContext: RecordContext;

  constructor(rows: TypedRows<unknown, unknown, unknown>, parts: JoinWindowParts) {
    super(rows, parts);
    this.encode = parts.encode;
    this.#recordContext = parts.recordContext;
  }

  override put(key: unknown, value: unknown, start: Timestamp): void {
    requireValue(this.name, value);
    this.putEncoded(key, value === null ? null : this.encode(value), start);
  }

  putEncoded(key: unknown, value: Uint8Array | null, start: Timestamp): void {
    const row = this.nextRow(key, start);
    this.rows.noteSegment(row);
    this.rows.access.write(row, value, start, this.#recordContext.headers);
  }
}

function openJoinWindows(
  specification: WindowStoreSpecification,
  { bytes, environment }: { readonly bytes: EngineBytes; readonly environment: StoreEnvironment },
  layout: ValueLayout,
): OpenStore<JoinWindowStore<unknown, unknown>> {
  const { changelogTopic: topic, recordContext } = environment;
  const { value: serde } = specification;
  const encode = (seen: unknown): Uint8Array =>
    serializeWith(serde, seen as object, topic, valuePlace);
  const view: ValueView<unknown, unknown> = {
    layout,
    seen: (stored) => deserializeWith(serde, stored as Uint8Array, topic, valuePlace), // as `rowSerde` gives it
    valueOf: encode,
    timestampOf: () => -1,
    headersOf: () => noHeaders,
  };
  return openWindowStore({ ...specification, value: rowSerde }, bytes, environment, {
    view,
    make: (rows, parts) => new JoinWindows(rows, { ...parts, encode, recordContext }),
  });
}

/** The rows of a plain window store; in the changelog each has the headers of the record that was put. */
const loggedWithHeaders: ValueLayout = {
  ...plainValues,
  log: (changelog, key, stored, { timestamp, headers }) =>
    changelog.append(timestamp, key, stored, headers),
};

const joinWindowKind = {
  operations: windowOperations,
  name: "window",
  layout: 3,
  segmentSpanMs,
  queriedAs: "window",
  windowInKey,
  changelogConfigs: windowChangelog,
  open: (specification: WindowStoreSpecification, bytes, environment) =>
    openJoinWindows(specification, { bytes, environment }, loggedWithHeaders),
} satisfies StoreKind<JoinWindowStore<unknown, unknown>>;

const joinWindowWithHeadersKind = {
  ...joinWindowKind,
  name: "timestampedWindowWithHeaders",
  layout: 14,
  open: (specification: WindowStoreSpecification, bytes, environment) =>
    openJoinWindows(specification, { bytes, environment }, timestampedValuesWithHeaders),
} satisfies StoreKind<JoinWindowStore<unknown, unknown>>;

/**
 * Specifies a store of the records that a join of two streams may still meet: it retains duplicates, and is never cached
 * (Kafka: `Stores.timestampedWindowStoreWithHeadersBuilder`). Without room for headers they are in the changelog alone.
 *
 * @throws DurationError, OptionError `INVALID_OPTION`
 * @example joinWindowStore({ name: "orders", key: string(), value: json(Order), windowSize: "2h", retention: "3h" })
 */
export function joinWindowStore<K, V>(
  options: Omit<WindowStoreOptions<K, V>, "caching" | "retainDuplicates"> & HeadersOption,
): WindowStoreSpecification<JoinWindowStore<K, V & {}>> {
  const { headers = false } = options;
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = (headers ? joinWindowWithHeadersKind : joinWindowKind) as StoreKind<
    JoinWindowStore<K, V & {}>
  >;
  return windowSpecificationOf(kind, { ...options, retainDuplicates: true });
}
