import { noHeaders, toMilliseconds, type Duration, type Timestamp } from "@millrace/model";
import { deserializeWith, keyPlace, type Serde, serializeWith, valuePlace } from "@millrace/serde";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { ChangelogRecord, OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import type { StateStore } from "../../contract/state-store.ts";
import { requireKey, requireValue } from "../../contract/store-scope.ts";
import {
  specificationOf,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import type { StoreView } from "../../contract/store-view.ts";
import type {
  VersionedKeyValueStore,
  VersionedRecord,
  VersionPut,
  VersionRange,
} from "../../contract/versioned-store.ts";
import { versionedChangelog } from "../changelog-configs.ts";
import { VersionRows, type Version } from "./version-rows.ts";
import { VersionedView } from "./versioned-view.ts";

export interface VersionedStoreOptions<K, V> extends Omit<StoreOptions<K, V>, "caching"> {
  /** How long versions can be asked for once others followed, by the newest one; and how late a version may come. */
  readonly historyRetention: Duration;
  /** Default: as in Kafka, a third to a twenty-fourth of the retention. */
  readonly segmentInterval?: Duration;
}

export interface VersionedStoreSpecification<
  out Store extends StateStore = StateStore,
> extends StoreSpecification<Store> {
  readonly historyRetentionMs: number;
  readonly segmentIntervalMs: number;
}

/** Kafka: `MeteredVersionedKeyValueStore`, with the changelog and the bytes under it. It is never cached. */
class OpenVersionedStore<K, V>
  implements VersionedKeyValueStore<K, V>, OpenStore<VersionedKeyValueStore<K, V>>
{
  readonly store = this;
  readonly hasDirty = false;
  readonly hasFailedFlush = false;
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #environment: StoreEnvironment;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #rows: VersionRows;
  readonly #life: { readonly retentionMs: number; readonly segmentIntervalMs: number };

  constructor(
    specification: VersionedStoreSpecification & {
      readonly key: Serde<K>;
      readonly value: Serde<V>;
    },
    bytes: EngineBytes,
    environment: StoreEnvironment,
  ) {
    const { name, key, value, historyRetentionMs: retentionMs, segmentIntervalMs } = specification;
    this.name = name;
    this.isPersistent = environment.isPersistent;
    this.#environment = environment;
    this.#key = key;
    this.#value = value;
    this.#life = { retentionMs, segmentIntervalMs };
    this.#rows = new VersionRows(bytes, this.#life);
  }

  get isOpen(): boolean {
    return this.#environment.scope.isOpen;
  }

  put(key: K, value: V | null, timestamp: Timestamp): VersionPut {
    const { changelog, changelogTopic, drop } = this.#environment;
    const keyBytes = this.#encodeKey(key);
    requireValue(this.name, value);
    const bytes =
      value === null
        ? null
        : serializeWith(this.#value, value as V & {}, changelogTopic, valuePlace);
    changelog?.append(timestamp, keyBytes, bytes, noHeaders);
    const result = this.#rows.put(keyBytes, bytes, timestamp);
    if (result === "expired") drop(`store ${this.name} does not keep what is that old`);
    return result;
  }

  delete(key: K, timestamp: Timestamp): VersionedRecord<V> | null {
    const before = this.get(key, timestamp);
    return this.put(key, null, timestamp) === "expired" ? null : before;
  }

  get(key: K, asOf?: Timestamp): VersionedRecord<V> | null {
    const keyBytes = this.#encodeKey(key);
    return this.#seen(
      asOf === undefined ? this.#rows.latest(keyBytes) : this.#rows.asOf(keyBytes, asOf),
    );
  }

  history(key: K, range: VersionRange = {}): readonly VersionedRecord<V>[] {
    const records = this.#rows.history(this.#encodeKey(key), range).flatMap((version) => {
      const seen = this.#seen(version);
      return seen === null ? [] : [seen];
    });
    return range.reverse === true ? records.toReversed() : records;
  }

  flush(): boolean {
    return true;
  }

  discard(): void {
    this.#rows.ledger.reset();
  }

  restore(key: Uint8Array, { value, timestamp }: ChangelogRecord): void {
    this.#rows.put(key, value, timestamp);
  }

  view(committed: EngineBytes | undefined): StoreView {
    const { segments } = this.#rows.ledger;
    const rows =
      committed === undefined ? this.#rows : new VersionRows(committed, this.#life, segments);
    return { kind: "versioned", store: new VersionedView(rows) };
  }

  committing(): void {
    this.#rows.ledger.note();
  }

  committed(): void {
    const firstLive = this.#rows.ledger.dropExpired();
    if (firstLive !== undefined) this.#rows.ledger.segments.retain((id) => id >= firstLive);
  }

  #encodeKey(key: K): Uint8Array {
    const { scope, changelogTopic } = this.#environment;
    scope.requireOpen(this.name);
    requireKey(this.name, key);
    return serializeWith(this.#key, key as K & {}, changelogTopic, keyPlace);
  }

  #seen(version: Version | null): VersionedRecord<V> | null {
    if (version === null || version.value === null) return null;
    const value = deserializeWith(
      this.#value,
      version.value,
      this.#environment.changelogTopic,
      valuePlace,
    );
    return { value, timestamp: version.from, validTo: version.to };
  }
}

const versionedKind = {
  operations: { get: "get", history: "get", put: "put", delete: "delete" },
  name: "versioned",
  layout: 6,
  segmentSpanMs: ({ segmentIntervalMs }: VersionedStoreSpecification) => segmentIntervalMs,
  queriedAs: "versioned",
  changelogConfigs: (specification: VersionedStoreSpecification) =>
    versionedChangelog(specification, specification.historyRetentionMs),
  open: (specification: VersionedStoreSpecification, bytes, environment) =>
    new OpenVersionedStore(specification, bytes, environment),
} satisfies StoreKind<VersionedKeyValueStore<unknown, unknown>>;

/**
 * Specifies a store that keeps the versions of each key for a time (Kafka: `Stores.versionedKeyValueStoreBuilder`).
 *
 * @throws DurationError
 * @example versionedKeyValueStore({ name: "rates", key: string(), value: double(), historyRetention: "7d" })
 */
export function versionedKeyValueStore<K, V>(
  options: VersionedStoreOptions<K, V>,
): VersionedStoreSpecification<VersionedKeyValueStore<K, V & {}>> {
  const { name, historyRetention, segmentInterval } = options;
  const historyRetentionMs = toMilliseconds(historyRetention, `historyRetention of store ${name}`);
  const interval = segmentInterval ?? defaultSegmentInterval(historyRetentionMs);
  const segmentIntervalMs = toMilliseconds(interval, `segmentInterval of store ${name}`);
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = versionedKind as StoreKind<VersionedKeyValueStore<K, V & {}>>;
  return Object.freeze({
    ...specificationOf(kind, options),
    historyRetentionMs,
    segmentIntervalMs: Math.max(1, segmentIntervalMs),
  });
}

/** Kafka's: the longer the history, the more segments. */
function defaultSegmentInterval(retentionMs: number): number {
  if (retentionMs <= 60_000) return Math.max(Math.floor(retentionMs / 3), 2000);
  if (retentionMs <= 300_000) return Math.max(Math.floor(retentionMs / 5), 20_000);
  if (retentionMs <= 3_600_000) return Math.max(Math.floor(retentionMs / 12), 60_000);
  return Math.max(Math.floor(retentionMs / 24), 300_000);
}
