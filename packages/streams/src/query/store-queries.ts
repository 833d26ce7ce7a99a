import type { Headers, Timestamp, Window, Windowed } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import { afterKey, afterPrefix, type VersionedRecord } from "@millrace/state";

import type { ChangeFeed, StoreChange } from "./change-feed.ts";
import type { ChangesOptions } from "./changes-options.ts";
import type { Position } from "./position.ts";
import type { QueryOptions } from "./query-options.ts";
import type { AnswerRow, Question } from "./question.ts";
import { Rows } from "./rows.ts";
import { patiently, type StoreCodec } from "./store-codec.ts";
import type { StoreReader } from "./store-reader.ts";
import {
  requireMoment,
  requireStart,
  requireWindow,
  sessionBounds,
  windowBounds,
  type SessionsRange,
  type WindowRange,
} from "./time-bounds.ts";

/** What a key has in a store. */
export interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
  /** Of its last update; -1: the store keeps none. */
  readonly timestamp: Timestamp;
  /** Of a store with headers; others keep none. */
  readonly headers: Headers;
}

/** A value, and what the answer is of. */
export interface Lookup<V> extends Omit<Entry<unknown, V | null>, "key"> {
  readonly partition: number;
  readonly position: Position;
  /** True: a copy has answered. */
  readonly isStandby: boolean;
}

export interface QueriesParts<K, V> {
  readonly reader: StoreReader;
  readonly codec: StoreCodec<K, V>;
  readonly feed: ChangeFeed<K, V>;
  /** The same store, asked otherwise. */
  readonly again: (options: QueryOptions) => QueriesParts<K, V>;
}

/** Which keys, in the order of their serialised form; both ends belong to it. */
export interface KeyOrder {
  readonly reverse?: boolean;
}

/** What the queries of all kinds of stores have. */
abstract class StoreQueries<K, V> {
  protected readonly parts: QueriesParts<K, V>;

  constructor(parts: QueriesParts<K, V>) {
    this.parts = parts;
  }

  protected async lookUp(
    key: K,
    questionOf: (key: Uint8Array) => Question,
  ): Promise<Lookup<V> & { readonly row: AnswerRow | undefined }> {
    const { reader, codec } = this.parts;
    const bytes = await codec.encodeKey(key);
    const partition = await reader.partitionOf(bytes);
    const { head, rows } = await reader.whole(partition, questionOf(bytes));
    const [row] = rows;
    const { position, isStandby } = head;
    const at = { partition, position, isStandby, row };
    if (row === undefined) return { ...at, value: null, timestamp: -1, headers: [] };
    const { timestamp, headers } = row;
    const value = await patiently(() => codec.decodeValue(row.value, headers));
    return { ...at, value, timestamp, headers };
  }

  protected rowsOfKey<Row>(
    key: K,
    questionOf: (key: Uint8Array) => Question,
    decode: (row: AnswerRow) => Row,
  ): Rows<Row> {
    const { reader, codec } = this.parts;
    const bytes = (): Promise<Uint8Array> => codec.encodeKey(key);
    return new Rows({
      reader,
      partition: async () => reader.partitionOf(await bytes()),
      question: async () => questionOf(await bytes()),
      decode,
    });
  }

  protected rows<Row>(
    question: () => Promise<Question>,
    decode: (row: AnswerRow) => Row,
  ): Rows<Row> {
    return new Rows({ reader: this.parts.reader, partition: undefined, question, decode });
  }

  protected async bytesOf(key: K | null): Promise<Uint8Array | null> {
    return key === null ? null : this.parts.codec.encodeKey(key);
  }

  protected entryOf<Key>(key: Key, { value, timestamp, headers }: AnswerRow): Entry<Key, V> {
    return { key, value: this.parts.codec.decodeValue(value, headers), timestamp, headers };
  }
}

/** A key-value store as it is asked (Kafka: `ReadOnlyKeyValueStore`, `KeyQuery`, `RangeQuery`). */
export class KeyValueQueries<K, V> extends StoreQueries<K, V> {
  /** Asked with other options, over these. */
  with(options: QueryOptions): KeyValueQueries<K, V> {
    return new KeyValueQueries(this.parts.again(options));
  }

  /** The value of a key, or null. @throws QueryError */
  async get(key: K): Promise<V | null> {
    return (await this.lookup(key)).value;
  }

  /** As `get`, with the timestamp, the headers, and what the answer is of. */
  async lookup(key: K): Promise<Lookup<V>> {
    const { row: _, ...found } = await this.lookUp(key, (bytes) => ({ kind: "get", key: bytes }));
    return found;
  }

  /** Entries from a key to another, both inclusive, by the order of the *serialised* keys; null means no bound. */
  range(from: K | null, to: K | null, { reverse = false }: KeyOrder = {}): Rows<Entry<K, V>> {
    return this.rows(
      async () => {
        const last = await this.bytesOf(to);
        const end = last === null ? null : afterKey(last);
        return { kind: "range", from: await this.bytesOf(from), to: end, isReverse: reverse };
      },
      (row) => this.#entry(row),
    );
  }

  all(order?: KeyOrder): Rows<Entry<K, V>> {
    return this.range(null, null, order);
  }

  /** Entries whose serialised key begins with the serialised prefix. */
  prefix<P>(prefix: P & {}, serde: Serde<P>): Rows<Entry<K, V>> {
    return this.rows(
      async () => {
        const from = await this.parts.codec.encodePart(serde, prefix);
        return { kind: "range", from, to: afterPrefix(from) ?? null, isReverse: false };
      },
      (row) => this.#entry(row),
    );
  }

  /** How many entries there are, roughly: of live answers without what caches hold back. */
  async approximateCount(): Promise<number> {
    const { reader } = this.parts;
    let count = 0;
    for (const partition of await reader.partitions())
      for (const row of (await reader.whole(partition, { kind: "count" })).rows)
        count += row.timestamp;
    return count;
  }

  /** The rows of the store, then each change: see `ChangeFeed`. */
  changes(options?: ChangesOptions): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    return this.parts.feed.all(options);
  }

  /** The value of a key, then each change of it. The first one tells of a key that is not there, too. */
  watch(key: K): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    return this.parts.feed.ofKey(key);
  }

  /** As `changes`, of the keys from one to another, both inclusive; null means no bound. @throws OptionError `INVALID_OPTION`: no key can be in between */
  watchRange(from: K | null, to: K | null): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    return this.parts.feed.ofRange(from, to);
  }

  #entry(row: AnswerRow): Entry<K, V> {
    return this.entryOf(this.parts.codec.decodeKey(row.key), row);
  }
}

/** A window store as it is asked (Kafka: `ReadOnlyWindowStore`, `WindowKeyQuery`, `WindowRangeQuery`). */
export class WindowQueries<K, V> extends StoreQueries<K, V> {
  /** Asked with other options, over these. */
  with(options: QueryOptions): WindowQueries<K, V> {
    return new WindowQueries(this.parts.again(options));
  }

  /** The value of a key's window that starts then, or null. @throws QueryError; OptionError: that is no time */
  async fetch(key: K, start: Timestamp): Promise<V | null> {
    return (await this.lookup(key, start)).value;
  }

  async lookup(key: K, start: Timestamp): Promise<Lookup<V>> {
    const window = { kind: "window", start: requireStart("start", start) } as const;
    const { row: _, ...found } = await this.lookUp(key, (bytes) => ({ ...window, key: bytes }));
    return found;
  }

  /** The windows of one key, in the order of their starts. */
  fetchRange(key: K, range?: WindowRange): Rows<Entry<Windowed<K>, V>> {
    return this.rowsOfKey(
      key,
      (bytes) => ({ kind: "windows", from: bytes, to: bytes, ...windowBounds(range) }),
      (row) => this.#entry(row),
    );
  }

  /** The windows of the keys from one to another, both inclusive; null means no bound. */
  fetchKeys(from: K | null, to: K | null, range?: WindowRange): Rows<Entry<Windowed<K>, V>> {
    return this.rows(
      async () => ({
        kind: "windows",
        from: await this.bytesOf(from),
        to: await this.bytesOf(to),
        ...windowBounds(range),
      }),
      (row) => this.#entry(row),
    );
  }

  fetchAll(range?: WindowRange): Rows<Entry<Windowed<K>, V>> {
    return this.fetchKeys(null, null, range);
  }

  /** The windows of the store, then each change: see `ChangeFeed`. That a window expires is no change. */
  changes(options?: ChangesOptions): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    return this.parts.feed.allWindows(options);
  }

  /** The windows of a key, then each change of them. */
  watch(key: K): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    return this.parts.feed.windowsOfKey(key);
  }

  #entry(row: AnswerRow): Entry<Windowed<K>, V> {
    return this.entryOf({ key: this.parts.codec.decodeKey(row.key), window: windowOf(row) }, row);
  }
}

/** A session store as it is asked (Kafka: `ReadOnlySessionStore`). */
export class SessionQueries<K, V> extends StoreQueries<K, V> {
  /** Asked with other options, over these. */
  with(options: QueryOptions): SessionQueries<K, V> {
    return new SessionQueries(this.parts.again(options));
  }

  /** The value of a session, or null. */
  async fetchSession(key: K, window: Window): Promise<V | null> {
    const session = { kind: "session", window: requireWindow(window) } as const;
    return (await this.lookUp(key, (bytes) => ({ ...session, key: bytes }))).value;
  }

  /** The sessions of one key, in the order of end, then start. */
  findSessions(key: K, range?: SessionsRange): Rows<Entry<Windowed<K>, V>> {
    return this.rowsOfKey(
      key,
      (bytes) => ({ kind: "sessions", from: bytes, to: bytes, ...sessionBounds(range) }),
      (row) => this.#entry(row),
    );
  }

  /** The sessions of the keys from one to another, both inclusive; null means no bound. */
  findSessionsOfKeys(
    from: K | null,
    to: K | null,
    range?: SessionsRange,
  ): Rows<Entry<Windowed<K>, V>> {
    return this.rows(
      async () => ({
        kind: "sessions",
        from: await this.bytesOf(from),
        to: await this.bytesOf(to),
        ...sessionBounds(range),
      }),
      (row) => this.#entry(row),
    );
  }

  /** The sessions of the store, then each change: see `ChangeFeed`. A session that grows goes, and comes with a new end. */
  changes(options?: ChangesOptions): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    return this.parts.feed.allWindows(options);
  }

  /** The sessions of a key, then each change of them. */
  watch(key: K): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    return this.parts.feed.windowsOfKey(key);
  }

  #entry(row: AnswerRow): Entry<Windowed<K>, V> {
    return this.entryOf({ key: this.parts.codec.decodeKey(row.key), window: windowOf(row) }, row);
  }
}

/** A versioned store as it is asked (Kafka: `VersionedKeyQuery`, `MultiVersionedKeyQuery`). */
export class VersionedQueries<K, V> extends StoreQueries<K, V> {
  /** Asked with other options, over these. */
  with(options: QueryOptions): VersionedQueries<K, V> {
    return new VersionedQueries(this.parts.again(options));
  }

  /** The latest version of a key, or the one that was valid at `asOf`; null: there was none, or it is too long ago. */
  async get(
    key: K,
    { asOf }: { readonly asOf?: Timestamp } = {},
  ): Promise<VersionedRecord<V> | null> {
    const at = asOf === undefined ? undefined : requireMoment("asOf", asOf);
    const version = { kind: "version", asOf: at } as const;
    const found = await this.lookUp(key, (bytes) => ({ ...version, key: bytes }));
    const { row, value, timestamp } = found;
    return row === undefined
      ? null
      : { value: value as V, timestamp, validTo: row.validTo ?? null }; // a row has a value
  }

  /** The versions of a key that were valid at some time between two, both inclusive, oldest first. */
  history(key: K, range?: WindowRange): Rows<VersionedRecord<V>> {
    return this.rowsOfKey(
      key,
      (bytes) => ({ kind: "history", key: bytes, ...windowBounds(range) }),
      ({ value, timestamp, headers, validTo = null }) => ({
        value: this.parts.codec.decodeValue(value, headers),
        timestamp,
        validTo,
      }),
    );
  }
}

function windowOf({ window = { start: -1, end: -1 } }: AnswerRow): Window {
  return window;
}
