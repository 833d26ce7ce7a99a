/**
 * Walks entries of a store in the order of their serialised keys. Close it with `using`; a `for…of` to its end,
 * or out of it, closes it too. An entry that is written meanwhile may or may not appear.
 *
 * @example
 * using entries = store.all();
 * for (const { key, value } of entries) console.log(key, value);
 */
export interface StoreCursor<K, V> extends Disposable, Iterable<StoreEntry<K, V>> {
  /** Moves to the next entry; false at the end. */
  next(): boolean;
  /** Key of the entry under the cursor, decoded on each read. */
  readonly key: K;
  /** Value of the entry under the cursor: a fresh copy on each read. */
  readonly value: V;
}

export interface StoreEntry<K, V> {
  readonly key: K;
  readonly value: V;
}
