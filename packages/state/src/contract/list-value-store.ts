import type { StateStore } from "./state-store.ts";
import type { StoreCursor } from "./store-cursor.ts";

/** Keys to lists of values, in the order in which they were added (Kafka: `ListValueStore`). */
export interface ListValueStore<K, V> extends StateStore {
  add(key: K, value: V): void;
  /** Deletes all values of a key. */
  delete(key: K): void;
  get(key: K): readonly V[];
  /** Value by value, in the order of the *serialised* keys. */
  all(): StoreCursor<K, V>;
}
