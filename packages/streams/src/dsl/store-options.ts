import { toMilliseconds, type Duration, type Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import {
  sessionStore,
  timestampedKeyValueStore,
  timestampedLruStore,
  timestampedWindowStore,
  untimedKeyValueStore,
  versionedKeyValueStore,
  type RowOrder,
  type StoreEngineKind,
  type StoreSpecification,
} from "@millrace/state";

import { TopologyError } from "../error/topology-error.ts";
import { checkName, type Naming } from "../plan/naming.ts";
import type { StoreDraft } from "../plan/store-draft.ts";

/** How a table is kept (Kafka: `Materialized`). A text is its name. */
export type StoreOption = string | StoreOptions;

export interface StoreOptions {
  /** For queries, and in the changelog's name; default: a generated one. */
  readonly name?: string;
  /** Default: `storeEngine` of `build`. `rocksdb` is in memory too where the application has no RocksDB. */
  readonly engine?: StoreEngineKind;
  /** True: with room for headers, as with `storeFormat` of `build`. Default: by that. */
  readonly headers?: boolean;
  /** False: every update is written and forwarded at once. Default true. */
  readonly caching?: boolean;
  /** False: no changelog; what the store holds is gone with the disk. Default true. */
  readonly logging?: boolean;
  /** Of windows: how long they are kept, by stream time (Kafka: `withRetention`). Default: size and grace. */
  readonly retention?: Duration;
  /**
   * Of a store with a name: keeps the versions of each key for so long (Kafka: `Stores.persistentVersionedKeyValueStore`): joins find what was valid at
   * the time of a record, and older versions that come late change nothing that is newer. Never cached.
   */
  readonly historyRetention?: Duration;
  /** Of versions: how much time one segment of the history spans. Default: by the retention, as in Kafka. */
  readonly segmentInterval?: Duration;
  /** Keeps so many entries in memory, those that were used last (Kafka: `Stores.lruMap`). What goes is still in the changelog. */
  readonly entriesMax?: number;
  /** False: without the times of its values, which are read as -1 (Kafka: `Stores.persistentKeyValueStore`). Default true. */
  readonly timestamps?: boolean;
  /**
   * Of a store with a name, of a table that is made from a topic or a stream, or by `topN`: a row that was not written for so long, by the
   * table's stream time, is deleted, with a tombstone. No counterpart in Kafka Streams.
   */
  readonly ttl?: Duration;
}

/** Reads the option, and burns an index where the name is to be generated. */
export function draftStore(
  option: StoreOption | undefined,
  prefix: string,
  naming: Naming,
): StoreDraft {
  const options: StoreOptions = typeof option === "string" ? { name: option } : (option ?? {});
  const specify = specifierOf(options);
  const draft = draftOf(option, { prefix, naming }, specify);
  if (options.ttl !== undefined) {
    const ttlMs = toMilliseconds(options.ttl, `ttl of store ${draft.name}`);
    const { caching = true, logging = true, engine } = options;
    return { ...draft, expiry: { ttlMs, caching, logging, engine } };
  }
  if (options.historyRetention === undefined) return draft;
  const historyRetentionMs = toMilliseconds(
    options.historyRetention,
    `historyRetention of store ${draft.name}`,
  );
  return { ...draft, historyRetentionMs };
}

type Specifier = (common: CommonOptions) => StoreSpecification;

/** The kind of store that a table is kept in. */
function specifierOf(options: StoreOptions): Specifier {
  const { historyRetention, segmentInterval, entriesMax, timestamps = true } = options;
  const kinds = [
    historyRetention === undefined ? undefined : "historyRetention",
    entriesMax === undefined ? undefined : "entriesMax",
    timestamps ? undefined : "timestamps: false",
    options.ttl === undefined ? undefined : "ttl",
    options.headers === true ? "headers" : undefined,
  ].filter((kind) => kind !== undefined);
  if (kinds.length > 1 || (segmentInterval !== undefined && historyRetention === undefined))
    throw new TopologyError(
      "INVALID_ARGUMENT",
      kinds.length > 1
        ? `the store was given ${kinds.join(" and ")}; give one of them, each is a kind of store`
        : "the store was given segmentInterval without historyRetention; give both, or neither",
    );
  if (kinds.length === 1 && options.headers !== true && options.name === undefined)
    throw new TopologyError(
      "INVALID_ARGUMENT",
      `the store was given ${kinds.join("")}, and has no name; give { name: "…" } too`,
    );
  // Kafka's are on disk, whatever the other stores are.
  const engine = options.engine ?? "rocksdb";
  if (historyRetention !== undefined) {
    const segments = segmentInterval === undefined ? {} : { segmentInterval };
    return (common) =>
      versionedKeyValueStore<unknown, unknown>({
        ...common,
        engine,
        historyRetention,
        ...segments,
      });
  }
  if (entriesMax !== undefined)
    return (common) => timestampedLruStore<unknown, unknown>({ ...common, entriesMax });
  return timestamps
    ? (common) => timestampedKeyValueStore<unknown, unknown>(common)
    : (common) => untimedKeyValueStore<unknown, unknown>({ ...common, engine });
}

interface CommonOptions {
  readonly name: string;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  readonly caching: boolean;
  readonly logging: boolean;
  readonly engine: StoreEngineKind;
  readonly headers: boolean;
}

function draftOf(
  option: StoreOption | undefined,
  { prefix, naming }: { readonly prefix: string; readonly naming: Naming },
  specify: Specifier,
): StoreDraft {
  const options: StoreOptions = typeof option === "string" ? { name: option } : (option ?? {});
  if (options.name !== undefined) checkName(options.name);
  const name = options.name ?? naming.store(prefix);
  if (options.name === undefined) naming.noteGenerated(name);
  return {
    name,
    isNamedByUser: options.name !== undefined,
    specify: oncePerDefaults((serdes, defaults) => {
      const { caching = true, logging = true, engine = defaults.engine } = options;
      const headers = options.headers ?? (defaults.headers && engine === "rocksdb");
      return specify({ name, ...serdes, caching, logging, engine, headers });
    }),
  };
}

/** Builds with the same defaults share one specification. */
export function oncePerDefaults(specify: StoreDraft["specify"]): StoreDraft["specify"] {
  const specified = new Map<string, StoreSpecification>();
  return (serdes, defaults) => {
    const known = `${defaults.engine} ${defaults.headers}`;
    const specification = specified.get(known) ?? specify(serdes, defaults);
    specified.set(known, specification);
    return specification;
  };
}

interface StoreNaming {
  readonly prefix: string;
  readonly naming: Naming;
}

interface Retention {
  /** For so long what is kept may still change. */
  readonly retentionMsMin: number;
  /** False: results leave when their window closes, and nothing is held back. */
  readonly mayCache: boolean;
}

interface WindowRetention extends Retention {
  readonly sizeMs: number;
  readonly endOf: ((start: Timestamp) => Timestamp) | undefined;
  readonly windows: string | undefined;
  readonly order: RowOrder;
}

/** As `draftStore`, for windows. */
export function draftWindowStore(
  option: StoreOption | undefined,
  naming: StoreNaming,
  { sizeMs, endOf, windows, retentionMsMin, mayCache, order }: WindowRetention,
): StoreDraft {
  const retention = retentionMsOf(option, retentionMsMin);
  return draftOf(option, naming, ({ caching, ...common }) =>
    timestampedWindowStore<unknown, unknown>({
      ...common,
      caching: caching && mayCache,
      windowSize: sizeMs,
      windowEnd: endOf,
      windows,
      retention,
      // As in Kafka, those with headers have an index.
      order: order === "time" && common.headers ? "timeOrKey" : order,
    }),
  );
}

/** As `draftStore`, for sessions. */
export function draftSessionStore(
  option: StoreOption | undefined,
  naming: StoreNaming,
  { retentionMsMin, mayCache, order }: Retention & { readonly order: "key" | "time" },
): StoreDraft {
  const retention = retentionMsOf(option, retentionMsMin);
  return draftOf(option, naming, ({ caching, ...common }) =>
    sessionStore<unknown, unknown>({ ...common, caching: caching && mayCache, retention, order }),
  );
}

function retentionMsOf(option: StoreOption | undefined, retentionMsMin: number): number {
  const { retention }: StoreOptions = typeof option === "object" ? option : {};
  if (retention === undefined) return retentionMsMin;
  const retentionMs = toMilliseconds(retention, "retention of the store");
  if (retentionMs >= retentionMsMin) return retentionMs;
  throw new TopologyError(
    "INVALID_WINDOWS",
    `retention of the store is ${retentionMs} ms; windows and their grace need at least ${retentionMsMin} ms`,
  );
}

/** Of an operator that keeps its table only where the user named it. Burns an index as Kafka does. */
export function draftNamedStore(
  option: StoreOption | undefined,
  prefix: string,
  naming: Naming,
): StoreDraft | undefined {
  if (option === undefined) return undefined;
  if (typeof option === "string" || option.name !== undefined)
    return draftStore(option, prefix, naming);
  naming.store(prefix);
  return undefined;
}
