import { storeView, type TableView } from "../processor/value-getter.ts";
import type { StoreDraft } from "./store-draft.ts";
import type { TablePlan } from "./table-plan.ts";

/**
 * What operators ask of the tables above them, gathered in the order of the program: which send old values along,
 * and which are kept in a store for it (Kafka: `enableSendingOldValues`, `KTableSource.materialize`).
 */
export class TableDemands {
  readonly #sending = new Set<TablePlan>();
  readonly #exact = new Set<TablePlan>();
  readonly #materialized = new Set<TablePlan>();

  /** True: its changes carry the value before. */
  sendsOldValues(table: TablePlan): boolean {
    return this.#sending.has(table);
  }

  /** True: a row that was not there has no old value, where Kafka's aggregates without a cache send the initial one. */
  sendsExactOldValues(table: TablePlan): boolean {
    return this.#exact.has(table);
  }

  /** The store in which the table is kept; undefined if it is not. */
  storeOf(table: TablePlan): StoreDraft | undefined {
    switch (table.kind) {
      case "source":
        return table.store.isNamedByUser || this.#materialized.has(table) ? table.store : undefined;
      case "aggregate":
      case "derived":
      case "joined":
        return table.store;
      case "suppressed":
        return undefined;
    }
  }

  /**
   * Asks for old values.
   *
   * @param isForced false: only where that needs no further store
   * @returns whether the table sends them
   */
  askOldValues(table: TablePlan, isForced: boolean): boolean {
    if (this.#sending.has(table)) return true;
    if (!this.#canSend(table, isForced)) return false;
    this.#sending.add(table);
    return true;
  }

  /** Asks that no old value stands for a row that was not there: of all tables that it comes from. */
  askExactOldValues(table: TablePlan): void {
    this.#exact.add(table);
    switch (table.kind) {
      case "source":
      case "aggregate":
        return;
      case "derived":
      case "suppressed":
        this.askExactOldValues(table.parent);
        return;
      case "joined":
        this.askExactOldValues(table.left);
        this.askExactOldValues(table.right);
    }
  }

  /** The table for lookups; a source is kept from now on. */
  view(table: TablePlan): TableView {
    if (table.kind === "source") this.#materialized.add(table);
    if (table.kind === "aggregate" && table.view !== undefined) return table.view;
    const store = this.storeOf(table);
    if (store !== undefined) return storeView(store.name, store.historyRetentionMs);
    switch (table.kind) {
      case "derived":
      case "suppressed":
        return table.viewOf(this.view(table.parent));
      case "joined":
        return table.viewOf(this.view(table.left), this.view(table.right));
      case "source":
      case "aggregate":
        return storeView(table.store.name, table.store.historyRetentionMs);
    }
  }

  #canSend(table: TablePlan, isForced: boolean): boolean {
    switch (table.kind) {
      case "source":
        if (isForced) this.#materialized.add(table);
        return this.storeOf(table) !== undefined;
      case "aggregate":
        return true;
      case "derived":
        return table.store !== undefined || this.askOldValues(table.parent, isForced);
      case "suppressed":
        return this.askOldValues(table.parent, isForced);
      case "joined":
        this.askOldValues(table.left, true);
        this.askOldValues(table.right, true);
        return true;
    }
  }
}
