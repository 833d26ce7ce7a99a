import type { StateStore, StoreSpecification } from "@millrace/state";

/** The global stores of a process, as the processors of its tasks see them: whole, and read only. */
export interface GlobalStores {
  has(name: string): boolean;
  /** Of a name, say the type that it was specified with. */
  store<Store extends StateStore = StateStore>(handle: StoreSpecification<Store> | string): Store;
}
