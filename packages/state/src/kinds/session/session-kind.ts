import { noHeaders, toMilliseconds, type Duration, type Windowed } from "@millrace/model";
import { readInt64 } from "../../bytes/int64.ts";
import type { CachedSessionStore, EndRange } from "../../contract/session-store.ts";
import type { StateStore } from "../../contract/state-store.ts";
import {
  specificationOf,
  type HeadersOption,
  type StoreKind,
  type StoreOptions,
} from "../../contract/store-specification.ts";
import type { FlushListener, FlushListenerOptions } from "../../contract/updatable-store.ts";
import type { WindowedCursor } from "../../contract/window-store.ts";
import { expiringChangelog } from "../changelog-configs.ts";
import {
  OpenSegmentedStore,
  segmentSpanMs,
  type SegmentedParts,
  type SegmentedSpecification,
  type SegmentedVariant,
} from "../segmented/open-segmented-store.ts";
import { timeInKey } from "../segmented/row-keys.ts";
import type { SegmentedBytes } from "../segmented/segmented-bytes.ts";
import type { RowOrder } from "../segmented/row-order.ts";
import type { TypedRows } from "../segmented/typed-rows.ts";
import { plainView, plainViewWithHeaders } from "../segmented/value-view.ts";
import { SessionReads } from "./session-reads.ts";

export interface SessionStoreOptions<K, V> extends StoreOptions<K, V> {
  /** How long sessions are kept, from their end by the newest one. */
  readonly retention: Duration;
  /**
   * `time`: what has ended is read by its times (Kafka: `RocksDBTimeOrderedSessionStore`), and while its segment lives; in
   * memory it is read by time in any case. Default `key`.
   */
  readonly order?: "key" | "time";
}

/** Kafka: `MeteredSessionStore`. */
class Sessions<K, V> extends SessionReads<K, V, V> implements CachedSessionStore<K, V> {
  readonly #rows: TypedRows<K, V, V>;
  readonly #bytes: SegmentedBytes;
  readonly #order: RowOrder;

  constructor(rows: TypedRows<K, V, V>, parts: SegmentedParts) {
    super(rows, parts);
    this.#order = parts.order;
    this.#bytes = parts.bytes;
    this.#rows = rows;
  }

  put({ key, window }: Windowed<K>, value: V | null): void {
    const row = this.rowOf(key, window);
    // Unlike a removal, null brings its time along.
    if (value === null && !this.isCached) this.#bytes.noteTime(row);
    this.#rows.write(row, value);
  }

  remove({ key, window }: Windowed<K>): void {
    this.#rows.write(this.rowOf(key, window), null);
  }

  findEnded({ from, to }: EndRange): WindowedCursor<K, V> {
    const { isExact, keptFrom: visibleFrom } = this.#bytes;
    const search = { from, to, isReverse: false };
    if (isExact || this.#order === "key") return this.#rows.ofKeys(null, null, search);
    return this.#rows.ofKeys(null, null, { ...search, visibleFrom, order: "timesThenKey" });
  }

  get isCached(): boolean {
    return this.#rows.access.isCached;
  }

  setFlushListener(
    listener: FlushListener<Windowed<K>, V>,
    options: FlushListenerOptions,
  ): boolean {
    return this.#rows.setFlushListener(listener, options);
  }
}

/** Those that leave the cache have the headers of their rows, as in Kafka: none. */
class SessionsWithHeaders<K, V> extends Sessions<K, V> {
  override setFlushListener(
    listener: FlushListener<Windowed<K>, V>,
    options: FlushListenerOptions,
  ): boolean {
    return super.setFlushListener((key, flushed, oldValue, written) => {
      const { topic, partition, offset, timestamp, valueTimestamp, input } = written;
      const place = { topic, partition, offset, timestamp, valueTimestamp, input };
      listener(key, flushed, oldValue, { ...place, headers: noHeaders });
    }, options);
  }
}

function sessionVariant({
  retentionMs,
}: SegmentedSpecification): SegmentedVariant<unknown, CachedSessionStore<unknown, unknown>> {
  return {
    view: plainView,
    lastBytes: 8,
    deletions: "uncounted",
    // Sessions are looked for by gaps, of which the retention has at least one.
    filterStepMs: Math.max(1, Math.floor(retentionMs / 8)),
    windowOf: (keys, row) => ({ start: keys.lastOf(row), end: keys.timeOf(row) }),
    make: (rows, parts) => new Sessions(rows, parts),
    viewOf: (rows, parts) => ({ kind: "session", store: new SessionReads(rows, parts) }),
  };
}

const sessionKind = {
  operations: {
    fetchSession: "fetch",
    findSessions: "fetch",
    findSessionsOfKeys: "fetch",
    findEnded: "fetch",
    put: "put",
    remove: "remove",
  },
  name: "session",
  layout: 5,
  segmentSpanMs,
  queriedAs: "session",
  windowInKey: (_specification, logged) => {
    const { keyEnd, time: end } = timeInKey(logged, 8);
    return { key: logged.slice(0, keyEnd), window: { start: readInt64(logged, keyEnd + 8), end } };
  },
  changelogConfigs: (specification: SegmentedSpecification) =>
    expiringChangelog(specification, specification.retentionMs, "compact,delete"),
  open: (specification: SegmentedSpecification, bytes, environment) =>
    new OpenSegmentedStore(specification, bytes, environment, sessionVariant(specification)),
} satisfies StoreKind<CachedSessionStore<unknown, unknown>>;

const sessionWithHeadersKind = {
  ...sessionKind,
  name: "sessionWithHeaders",
  layout: 15,
  open: (specification: SegmentedSpecification, bytes, environment) =>
    new OpenSegmentedStore(specification, bytes, environment, {
      ...sessionVariant(specification),
      view: plainViewWithHeaders,
      make: (rows, parts) => new SessionsWithHeaders(rows, parts),
    }),
} satisfies StoreKind<CachedSessionStore<unknown, unknown>>;

export type SessionStoreSpecification<Store extends StateStore = StateStore> =
  SegmentedSpecification<Store>;

/**
 * Specifies a session store (Kafka: `Stores.sessionStoreBuilder`). With room for headers, those that are put are empty, as
 * those of Kafka's operators are.
 *
 * @throws DurationError
 * @example sessionStore({ name: "visits", key: string(), value: json(Visit), retention: "1h" })
 */
export function sessionStore<K, V>(
  options: SessionStoreOptions<K, V> & HeadersOption,
): SessionStoreSpecification<CachedSessionStore<K, V & {}>> {
  const { headers = false, order = "key" } = options;
  const retentionMs = toMilliseconds(options.retention, `retention of store ${options.name}`);
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = (headers ? sessionWithHeadersKind : sessionKind) as StoreKind<
    CachedSessionStore<K, V & {}>
  >;
  return Object.freeze({ ...specificationOf(kind, options), retentionMs, order });
}
