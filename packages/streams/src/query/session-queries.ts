import type { Window, Windowed } from "@millrace/model";

import type { StoreChange } from "./change-feed.ts";
import type { ChangesOptions } from "./changes-options.ts";
import type { QueryOptions } from "./query-options.ts";
import type { AnswerRow } from "./question.ts";
import type { Rows } from "./rows.ts";
import { StoreQueries, windowOf, type Entry } from "./store-queries.ts";
import { requireWindow, sessionBounds, type SessionsRange } from "./time-bounds.ts";

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
