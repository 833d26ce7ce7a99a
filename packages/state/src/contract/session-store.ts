import type { Timestamp, Window, Windowed } from "@millrace/model";
import type { StateStore } from "./state-store.ts";
import type { FlushListener, FlushListenerOptions } from "./updatable-store.ts";
import type { WindowedCursor } from "./window-store.ts";

/** Which sessions. */
export interface SessionRange {
  /** They end no earlier; absent: from the first. */
  readonly earliestEnd?: Timestamp;
  /** They start no later; absent: to the last. */
  readonly latestStart?: Timestamp;
  /** True: the other way round. */
  readonly reverse?: boolean;
}

/** What queries see of a session store (Kafka: `ReadOnlySessionStore`). Sessions expire by their end. */
export interface ReadOnlySessionStore<K, V> extends StateStore {
  fetchSession(key: K, window: Window): V | null;
  /** Sessions of one key, in the order of end, then start. */
  findSessions(key: K, range?: SessionRange): WindowedCursor<K, V>;
  /**
   * Sessions of the keys from `from` to `to`, both inclusive, by the order of the *serialised* keys; null means no bound.
   * A store in memory gives them by end, key, start; others by segment, key, end, start, as Kafka's do.
   */
  findSessionsOfKeys(from: K | null, to: K | null, range?: SessionRange): WindowedCursor<K, V>;
}

/** Sessions of keys to values, for a time (Kafka: `SessionStore`). */
export interface SessionStore<K, V> extends ReadOnlySessionStore<K, V> {
  /** Null removes. What has expired already is left out and counted. */
  put(session: Windowed<K>, value: V | null): void;
  remove(session: Windowed<K>): void;
}

/** Which sessions, by their ends, both inclusive. */
export interface EndRange {
  readonly from: Timestamp;
  readonly to: Timestamp;
}

/** With what operators need of it. */
export interface CachedSessionStore<K, V> extends SessionStore<K, V> {
  /**
   * The sessions of all keys that ended between (Kafka: `findSessions` by ends alone), in the order of `findSessionsOfKeys`;
   * of a store that is ordered by time by end, start and key.
   */
  findEnded(range: EndRange): WindowedCursor<K, V>;
  /** True: the flush listener forwards. */
  readonly isCached: boolean;
  /** As `UpdatableStore.setFlushListener`. */
  setFlushListener(listener: FlushListener<Windowed<K>, V>, options: FlushListenerOptions): boolean;
}
