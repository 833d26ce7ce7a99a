import { noHeaders, type Headers, type Timestamp } from "@millrace/model";
import { deserializeWith, keyPlace, serializeWith, valuePlace } from "@millrace/serde";
import { toLatin1 } from "../../bytes/latin1.ts";
import { writeInt64 } from "../../bytes/int64.ts";
import type { BytesStore, EngineBytes } from "../../contract/bytes-store.ts";
import type { ChangelogRecord, OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import { StateError } from "../../contract/state-error.ts";
import { requireKey } from "../../contract/store-scope.ts";
import type { StoreSpecification } from "../../contract/store-specification.ts";
import type {
  EvictedChange,
  TimeOrderedBuffer,
  ValueChange,
} from "../../contract/time-ordered-buffer.ts";
import { openByteLayers } from "../../layers/open-layers.ts";
import { plainValues, type ValueLayout } from "../../layers/value-layout.ts";
import { SortedMap } from "../../sorted/sorted-map.ts";
import { countedSize, decodeChange, encodeChange, type BufferedChange } from "./buffered-change.ts";

type AnyBuffer = TimeOrderedBuffer<unknown, unknown>;

const version = 3;
const versionHeaders: Headers = [["v", Uint8Array.of(version)]];

/** The changelog's records say in a header how they are written. */
const bufferedValues: ValueLayout = {
  ...plainValues,
  log: (changelog, key, stored, { timestamp }) =>
    changelog.append(timestamp, key, stored, stored === null ? noHeaders : versionHeaders),
};

interface Entry {
  readonly key: Uint8Array;
  readonly change: BufferedChange;
}

/**
 * Kafka: `InMemoryTimeOrderedKeyValueChangeBuffer`. Entries are held in memory; what has changed is written beneath, and
 * so to the changelog, when the task's stores are flushed.
 */
export class SuppressionBuffer implements AnyBuffer, OpenStore<AnyBuffer> {
  readonly store = this;
  readonly hasFailedFlush = false;
  readonly isPersistent = false;
  readonly name: string;
  readonly #specification: StoreSpecification;
  readonly #environment: StoreEnvironment;
  readonly #bytes: EngineBytes;
  readonly #logged: BytesStore;
  /** By key. */
  readonly #places = new Map<string, string>();
  /** By time, then key. */
  readonly #entries = new SortedMap<Entry>();
  /** Keys that have changed since the last flush, and when. */
  readonly #dirty = new Map<string, { readonly key: Uint8Array; readonly timestamp: Timestamp }>();
  #sizeBytes = 0;
  #timeMin = Infinity;
  /** False: what lies beneath is not read yet. */
  #isLoaded = false;

  constructor(
    specification: StoreSpecification,
    bytes: EngineBytes,
    environment: StoreEnvironment,
  ) {
    this.name = specification.name;
    this.#specification = specification;
    this.#environment = environment;
    this.#bytes = bytes;
    this.#logged = openByteLayers(this.name, bytes, environment, bufferedValues);
  }

  get isOpen(): boolean {
    return this.#environment.scope.isOpen;
  }

  get hasDirty(): boolean {
    return this.#dirty.size > 0;
  }

  get entryCount(): number {
    this.#load();
    return this.#places.size;
  }

  get sizeBytes(): number {
    this.#load();
    return this.#sizeBytes;
  }

  get timeMin(): Timestamp {
    this.#load();
    return this.#timeMin;
  }

  put(time: Timestamp, key: unknown, { newValue, oldValue }: ValueChange<unknown>): void {
    this.#load();
    const keyBytes = this.#encodeKey(key);
    const name = toLatin1(keyBytes);
    const place = this.#places.get(name);
    const before = place === undefined ? undefined : this.#entries.get(place)?.change;
    const oldBytes = this.#encode(oldValue);
    const { recordContext } = this.#environment;
    const { topic, partition, offset, timestamp, headers } = recordContext;
    const input = recordContext.input?.kept();
    const change: BufferedChange = {
      time: before?.time ?? time,
      context: { topic, partition, offset, timestamp, headers, input },
      priorValue: before === undefined ? oldBytes : before.priorValue,
      oldValue: oldBytes,
      newValue: this.#encode(newValue),
    };
    this.#hold(name, keyBytes, change);
    this.#dirty.set(name, { key: keyBytes, timestamp });
  }

  evictWhile(
    isDue: () => boolean,
    evicted: (change: EvictedChange<unknown, unknown>) => void,
  ): void {
    this.#load();
    if (this.#places.size === 0 || !isDue()) return;
    const walk = this.#entries.walk(undefined, undefined, true);
    let hasNext = walk.next();
    while (hasNext && isDue()) {
      const place = walk.key;
      const { key, change } = walk.value;
      evicted({
        key: deserializeWith(
          this.#specification.key,
          key,
          this.#environment.changelogTopic,
          keyPlace,
        ),
        newValue: this.#decode(change.newValue),
        oldValue: this.#decode(change.oldValue),
        context: change.context,
      });
      const name = toLatin1(key);
      this.#entries.delete(place);
      this.#places.delete(name);
      this.#sizeBytes -= countedSize(key, change);
      this.#dirty.set(name, { key, timestamp: this.#environment.recordContext.timestamp });
      hasNext = walk.next();
      this.#timeMin = hasNext ? walk.value.change.time : Infinity;
    }
  }

  valueBefore(key: unknown): unknown {
    this.#load();
    const place = this.#places.get(toLatin1(this.#encodeKey(key)));
    const entry = place === undefined ? undefined : this.#entries.get(place);
    return entry === undefined ? undefined : this.#decode(entry.change.priorValue);
  }

  flush(): boolean {
    for (const [name, { key, timestamp }] of this.#dirty) {
      const place = this.#places.get(name);
      const entry = place === undefined ? undefined : this.#entries.get(place);
      // A timer's records may have no time.
      const context = { timestamp: Math.max(0, timestamp), headers: noHeaders };
      this.#logged.put(key, entry === undefined ? null : encodeChange(entry.change), context);
    }
    this.#dirty.clear();
    return true;
  }

  discard(): void {
    this.#forget();
    this.#dirty.clear();
  }

  restore(key: Uint8Array, { value, headers }: ChangelogRecord): void {
    if (value !== null && headers.findLast(([name]) => name === "v")?.[1]?.[0] !== version)
      throw new StateError(
        "UNKNOWN_BUFFER_FORMAT",
        `the changelog of ${this.name} has a record that is not of version ${version}, which Kafka Streams 2.6 and later write; let one of those rewrite it first`,
      );
    if (value !== null) decodeChange(value);
    this.#bytes.put(key, value);
    this.#forget();
  }

  committing(): void {}

  committed(): void {}

  #forget(): void {
    this.#isLoaded = false;
    this.#places.clear();
    this.#entries.clear();
    this.#sizeBytes = 0;
    this.#timeMin = Infinity;
  }

  #load(): void {
    this.#environment.scope.requireOpen(this.name);
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    using cursor = this.#bytes.scan({});
    while (cursor.next()) {
      const key = cursor.key.slice();
      this.#hold(toLatin1(key), key, decodeChange(cursor.value));
    }
  }

  #hold(name: string, key: Uint8Array, change: BufferedChange): void {
    const known = this.#places.get(name);
    const before = known === undefined ? undefined : this.#entries.get(known);
    if (before !== undefined) this.#sizeBytes -= countedSize(key, before.change);
    const place = known ?? placeOf(change.time, name);
    this.#places.set(name, place);
    this.#entries.set(place, { key, change });
    this.#sizeBytes += countedSize(key, change);
    this.#timeMin = Math.min(this.#timeMin, change.time);
  }

  #encodeKey(key: unknown): Uint8Array {
    requireKey(this.name, key);
    const { changelogTopic } = this.#environment;
    return serializeWith(this.#specification.key, key as object, changelogTopic, keyPlace).slice();
  }

  #encode(value: unknown): Uint8Array | null {
    if (value === null || value === undefined) return null;
    const { changelogTopic } = this.#environment;
    return serializeWith(this.#specification.value, value, changelogTopic, valuePlace).slice();
  }

  #decode(bytes: Uint8Array | null): unknown {
    if (bytes === null) return null;
    const { changelogTopic } = this.#environment;
    return deserializeWith(this.#specification.value, bytes, changelogTopic, valuePlace);
  }
}

function placeOf(time: Timestamp, name: string): string {
  const bytes = new Uint8Array(8);
  writeInt64(bytes, 0, time);
  return toLatin1(bytes) + name;
}
