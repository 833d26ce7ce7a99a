import { noHeaders, toMilliseconds, type Duration, type Timestamp } from "@millrace/model";
import { deserializeWith, keyPlace, serializeWith, valuePlace } from "@millrace/serde";
import { copyBytes } from "../../bytes/key-range.ts";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { DueRecord, JoinBuffer } from "../../contract/join-buffer.ts";
import type { ChangelogRecord, OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import type { StateStore } from "../../contract/state-store.ts";
import { requireKey } from "../../contract/store-scope.ts";
import {
  specificationOf,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import {
  bufferedBytes,
  bufferKey,
  bufferKeysFrom,
  decodeBuffered,
  encodeBuffered,
  ownKeyOf,
  requireBufferKey,
  sequenceOfKey,
  timestampOfKey,
  type BufferedRecord,
} from "./buffered-record.ts";

export interface JoinBufferOptions<K, V> extends Omit<StoreOptions<K, V>, "caching"> {
  /** How long a record waits, by the newest one. */
  readonly grace: Duration;
}

export interface JoinBufferSpecification<
  out Store extends StateStore = StateStore,
> extends StoreSpecification<Store> {
  readonly graceMs: number;
}

const sequenceMax = 0x7fff_ffff;
const noMinTimestamp = 2 ** 63;

/** Kafka: `RocksDBTimeOrderedKeyValueBuffer`. */
class OpenJoinBuffer implements JoinBuffer<unknown, unknown>, OpenStore {
  readonly store = this;
  readonly hasDirty = false;
  readonly hasFailedFlush = false;
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #specification: JoinBufferSpecification;
  readonly #rows: EngineBytes;
  readonly #environment: StoreEnvironment;
  #recordCount = 0;
  #bytes = 0;
  #minTimestamp: Timestamp = noMinTimestamp;
  /** The newest time of what was kept, or that was told. */
  #streamTime: Timestamp = -1;
  #sequence = 0;
  #take: DueRecord<unknown, unknown> | undefined;

  constructor(
    specification: JoinBufferSpecification,
    rows: EngineBytes,
    environment: StoreEnvironment,
  ) {
    this.name = specification.name;
    this.isPersistent = environment.isPersistent;
    this.#specification = specification;
    this.#rows = rows;
    this.#environment = environment;
    this.#recount();
  }

  get isOpen(): boolean {
    return this.#environment.scope.isOpen;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get minTimestamp(): Timestamp {
    return this.#minTimestamp;
  }

  put(key: unknown, value: unknown, timestamp: Timestamp): boolean {
    const { scope, changelog, changelogTopic, recordContext } = this.#environment;
    scope.requireOpen(this.name);
    requireKey(this.name, key);
    if (timestamp < this.#dueTime) return false;
    const { topic, partition, offset, headers } = recordContext;
    const record: BufferedRecord = {
      value: serializeWith(this.#specification.value, value as object, changelogTopic, valuePlace),
      context: { topic, partition, offset, timestamp, headers },
    };
    this.#sequence = (this.#sequence + 1) & sequenceMax;
    const keyBytes = serializeWith(
      this.#specification.key,
      key as object,
      changelogTopic,
      keyPlace,
    );
    const rowKey = bufferKey(keyBytes, timestamp, this.#sequence);
    const stored = encodeBuffered(record);
    changelog?.append(Math.max(0, timestamp), rowKey, withBufferTime(stored), noHeaders);
    this.#rows.put(rowKey, stored);
    this.#count(rowKey, record);
    return true;
  }

  advance(time: Timestamp): void {
    if (time > this.#streamTime) this.#streamTime = time;
  }

  onDue(take: DueRecord<unknown, unknown>): void {
    this.#take = take;
  }

  takeDue(): void {
    const { scope, changelog, changelogTopic, recordContext } = this.#environment;
    const { key, value } = this.#specification;
    scope.requireOpen(this.name);
    const dueTime = this.#dueTime;
    for (let row = this.#firstDue(dueTime); row !== undefined; row = this.#firstDue(dueTime)) {
      const record = decodeBuffered(row.stored);
      this.#take?.(
        deserializeWith(key, ownKeyOf(row.key), changelogTopic, keyPlace),
        deserializeWith(value, record.value, changelogTopic, valuePlace),
        record.context,
      );
      this.#rows.put(row.key, null);
      // Kafka gives none, and its producer the time of the clock. A timer's records may have none.
      changelog?.append(Math.max(0, recordContext.timestamp), row.key, null, noHeaders);
      this.#recordCount--;
      this.#bytes -= bufferedBytes(row.key, record);
    }
    this.#minTimestamp = this.#recordCount === 0 ? noMinTimestamp : dueTime + 1;
  }

  flush(): boolean {
    return true;
  }

  discard(): void {
    this.#recount();
  }

  restore(key: Uint8Array, { value }: ChangelogRecord): void {
    requireBufferKey(key);
    const stored = value === null ? null : storedPart(value);
    const record = stored === null ? undefined : decodeBuffered(stored);
    const before = this.#rows.get(key);
    if (before !== null) {
      this.#recordCount--;
      this.#bytes -= bufferedBytes(key, decodeBuffered(before));
    }
    this.#rows.put(copyBytes(key), stored);
    if (record !== undefined) this.#count(key, record);
  }

  committing(): void {}

  committed(): void {}

  get #dueTime(): Timestamp {
    return this.#streamTime - this.#specification.graceMs;
  }

  /** One at a time: what is called back for it may put more. */
  #firstDue(dueTime: Timestamp): { key: Uint8Array; stored: Uint8Array } | undefined {
    if (dueTime < Math.max(0, this.#minTimestamp) || this.#recordCount === 0) return undefined;
    using rows = this.#rows.scan({ to: bufferKeysFrom(dueTime + 1) });
    return rows.next() ? { key: copyBytes(rows.key), stored: copyBytes(rows.value) } : undefined;
  }

  #recount(): void {
    this.#recordCount = 0;
    this.#bytes = 0;
    this.#minTimestamp = noMinTimestamp;
    this.#streamTime = -1;
    using rows = this.#rows.scan({});
    while (rows.next()) this.#count(rows.key, decodeBuffered(rows.value));
  }

  #count(key: Uint8Array, record: BufferedRecord): void {
    const timestamp = timestampOfKey(key);
    this.#recordCount++;
    this.#bytes += bufferedBytes(key, record);
    this.#minTimestamp = Math.min(this.#minTimestamp, timestamp);
    this.#streamTime = Math.max(this.#streamTime, timestamp);
    this.#sequence = Math.max(this.#sequence, sequenceOfKey(key));
  }
}

const bufferTimeBytes = 8;

/** The changelog has a time behind the value, which suppression uses, and is 0 here. */
function withBufferTime(stored: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(stored.length + bufferTimeBytes);
  bytes.set(stored);
  return bytes;
}

function storedPart(value: Uint8Array): Uint8Array {
  if (value.length < bufferTimeBytes)
    throw new RangeError(`a record of ${value.length} bytes; a time is behind it`);
  return value.slice(0, value.length - bufferTimeBytes);
}

const joinBufferKind = {
  buffer: {
    changedBy: ["put", "takeDue"],
    count: ({ recordCount }) => recordCount,
    bytes: ({ bytes }) => bytes,
  },
  name: "buffer",
  layout: 11,
  changelogConfigs: compactedChangelog,
  open: (specification: JoinBufferSpecification, rows, environment) =>
    new OpenJoinBuffer(specification, rows, environment),
} satisfies StoreKind<JoinBuffer<unknown, unknown>>;

/**
 * Specifies where the records of a stream wait before they are joined with a versioned table (Kafka:
 * `RocksDBTimeOrderedKeyValueBuffer.Builder`).
 *
 * @throws DurationError
 * @example joinBuffer({ name: "orders-Buffer", key: string(), value: json(Order), grace: "5m" })
 */
export function joinBuffer<K, V>(
  options: JoinBufferOptions<K, V>,
): JoinBufferSpecification<JoinBuffer<K, V & {}>> {
  const graceMs = toMilliseconds(options.grace, `grace of store ${options.name}`);
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = joinBufferKind as unknown as StoreKind<JoinBuffer<K, V & {}>>;
  return Object.freeze({ ...specificationOf(kind, options), graceMs });
}
