import type { StateStore, StoreSpecification, TaskStores } from "@millrace/state";
import type { GlobalKTable, GlobalTask, KTable } from "@millrace/streams";

import { invalidArgument } from "./driver-options.ts";
import { TestDriverError } from "./test-driver-error.ts";

/** What a test may name a store by. */
export type StoreHandle<Store extends StateStore> =
  | StoreSpecification<Store>
  | string
  | KTable<unknown, unknown>
  | GlobalKTable<unknown, unknown>;

export interface TestStoresParts {
  readonly taskStores: TaskStores;
  readonly taskSpecifications: readonly StoreSpecification[];
  readonly globalTask: GlobalTask;
  readonly globalSpecifications: readonly StoreSpecification[];
}

/** The stores of a driver, found by what a test has in hand. */
export class TestStores {
  readonly #parts: TestStoresParts;

  constructor(parts: TestStoresParts) {
    this.#parts = parts;
  }

  /** In the order in which the topology registered them; global ones last. */
  get all(): readonly StateStore[] {
    const { taskStores, globalTask, globalSpecifications } = this.#parts;
    return [...taskStores.stores, ...globalSpecifications.map((one) => globalTask.store(one))];
  }

  get specifications(): readonly StoreSpecification[] {
    return [...this.#parts.taskSpecifications, ...this.#parts.globalSpecifications];
  }

  /** @throws TestDriverError `INVALID_ARGUMENT`, `NO_STORE` */
  find<Store extends StateStore>(handle: StoreHandle<Store>): Store {
    if ((typeof handle !== "object" && typeof handle !== "string") || handle === null)
      throw invalidArgument("driver.store", handle, "a table, a specification or a name");
    if (typeof handle === "object" && !("storeName" in handle))
      return this.#ownerOf(handle.name).store(handle);
    const name = typeof handle === "string" ? handle : handle.storeName;
    if (name === undefined)
      throw new TestDriverError(
        "NO_STORE",
        `the table has no store of its own; name one: { store: "…" }`,
      );
    return this.#ownerOf(name).store<Store>(name);
  }

  #ownerOf(name: string): Pick<TaskStores, "store"> {
    const { globalTask, taskStores } = this.#parts;
    return globalTask.has(name) ? globalTask : taskStores;
  }
}
