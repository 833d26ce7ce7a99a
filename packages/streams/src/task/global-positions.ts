import type { Offset } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore, type KeyValueStore, type TaskStores } from "@millrace/state";

/** How far the topics were read lies in the same engine; a name that no store of a user has. */
export const positionsStore = keyValueStore({
  name: "(positions)",
  key: string(),
  value: int64AsNumber(),
});

/** How far the partitions of the topics of global stores were read, as of the last commit. */
export class GlobalPositions {
  readonly #store: KeyValueStore<string, number>;

  constructor(stores: TaskStores) {
    this.#store = stores.store(positionsStore);
  }

  /** By partition of the topic that feeds a store. */
  of(store: string): ReadonlyMap<number, Offset> {
    using saved = this.#store.prefixScan(`${store} `, string());
    return new Map(
      [...saved].map(({ key, value }) => [Number(key.slice(store.length + 1)), value]),
    );
  }

  put(store: string, partition: number, offset: Offset): void {
    this.#store.put(`${store} ${partition}`, offset);
  }

  /** The store is to be filled from the beginning of its topic. */
  forget(store: string): void {
    using saved = this.#store.prefixScan(`${store} `, string());
    for (const { key } of saved) this.#store.put(key, null);
  }
}
