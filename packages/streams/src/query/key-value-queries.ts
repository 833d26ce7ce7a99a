import type { Serde } from "@millrace/serde";
import { afterKey, afterPrefix } from "@millrace/state";

import type { StoreChange } from "./change-feed.ts";
import type { ChangesOptions } from "./changes-options.ts";
import type { QueryOptions } from "./query-options.ts";
import type { AnswerRow } from "./question.ts";
import type { Rows } from "./rows.ts";
import { StoreQueries, type Entry, type Lookup } from "./store-queries.ts";

/** Which keys, in the order of their serialised form; both ends belong to it. */
export interface KeyOrder {
  readonly reverse?: boolean;
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
