import type { Timestamp, Windowed } from "@millrace/model";

import type { StoreChange } from "./change-feed.ts";
import type { ChangesOptions } from "./changes-options.ts";
import type { QueryOptions } from "./query-options.ts";
import type { AnswerRow } from "./question.ts";
import type { Rows } from "./rows.ts";
import { StoreQueries, windowOf, type Entry, type Lookup } from "./store-queries.ts";
import { requireStart, windowBounds, type WindowRange } from "./time-bounds.ts";

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
