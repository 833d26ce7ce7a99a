import type { Windowed } from "@millrace/model";
import type {
  ReadOnlyKeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyVersionedKeyValueStore,
  ReadOnlyWindowStore,
  StateStore,
  StoreSpecification,
  ValueAndTimestamp,
} from "@millrace/state";

import type { KeyValueQueries } from "./key-value-queries.ts";
import type { SessionQueries } from "./session-queries.ts";
import type { VersionedQueries } from "./versioned-queries.ts";
import type { WindowQueries } from "./window-queries.ts";

/** What a store may be named by: a table, a global table, a specification; a name alone says nothing of types. */
export type QueryHandle =
  | { readonly storeName: string | undefined; readonly carries: unknown }
  | StoreSpecification
  | string;

/** What is asked of a store of a kind that is not known: say which, `app.store<KeyValueQueries<string, number>>("counts")`. */
export type AnyQueries =
  | KeyValueQueries<unknown, unknown>
  | WindowQueries<unknown, unknown>
  | SessionQueries<unknown, unknown>
  | VersionedQueries<unknown, unknown>;

type InnerKey<K> = K extends Windowed<infer Inner> ? Inner : K;
type Plain<S> = S extends ValueAndTimestamp<infer V> ? V : S;

type QueriesOfTable<K, V, Store> = Store extends "keyValue"
  ? KeyValueQueries<K, V>
  : Store extends "window"
    ? WindowQueries<InnerKey<K>, V>
    : Store extends "session"
      ? SessionQueries<InnerKey<K>, V>
      : Store extends "versioned"
        ? VersionedQueries<K, V>
        : "The table has no store of a name; give it one: { store: '…' }";

type QueriesOfStore<Store extends StateStore> =
  Store extends ReadOnlyVersionedKeyValueStore<infer K, infer V>
    ? VersionedQueries<K, V>
    : Store extends ReadOnlySessionStore<infer K, infer V>
      ? SessionQueries<K, V>
      : Store extends ReadOnlyWindowStore<infer K, infer S>
        ? WindowQueries<K, Plain<S>>
        : Store extends ReadOnlyKeyValueStore<infer K, infer S>
          ? KeyValueQueries<K, Plain<S>>
          : AnyQueries;

/** How the store of a handle is asked. */
export type QueriesOf<Handle> = Handle extends {
  readonly carries: { readonly key: infer K; readonly value: infer V; readonly store: infer Store };
}
  ? QueriesOfTable<K, Exclude<V, null>, Store>
  : Handle extends StoreSpecification<infer Store>
    ? QueriesOfStore<Store>
    : AnyQueries;
