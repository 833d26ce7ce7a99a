/**
 * Walks entries of a store in the order of their serialised keys. Close it with `using`; a `for…of` to its end,
 * or out of it, closes it too.
 *
 * It shows the store as it was when the cursor was opened, whatever is written, flushed and committed meanwhile. Where
 * that cannot be (the task was aborted or closed, or 16 MiB were overwritten), it throws `StateError` `CURSOR_ENDED`.
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
