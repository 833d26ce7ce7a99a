import type { TableView } from "../processor/value-getter.ts";
import type { StoreDraft } from "./store-draft.ts";

/** A table as the plan knows it: where its values are, or what they are computed from. */
export type TablePlan =
  | SourceTablePlan
  | AggregatePlan
  | DerivedTablePlan
  | JoinedTablePlan
  | SuppressedTablePlan;

/** A topic, or a stream, as a table: kept where the user named the store, or where somebody below needs it. */
export interface SourceTablePlan {
  readonly kind: "source";
  readonly store: StoreDraft;
}

/** Always kept. */
export interface AggregatePlan {
  readonly kind: "aggregate";
  readonly store: StoreDraft;
  /** Default: as a key-value store. */
  readonly view?: TableView;
}

/** Computed from one table; kept where the user named a store. */
export interface DerivedTablePlan {
  readonly kind: "derived";
  readonly parent: TablePlan;
  readonly store: StoreDraft | undefined;
  /** True: the user said how it is kept, which a store without a name is not. */
  readonly isKeptByUser: boolean;
  /** The table where it is not kept. */
  readonly viewOf: (parent: TableView) => TableView;
}

/** Computed from two tables; kept where the user asked for a store. */
export interface JoinedTablePlan {
  readonly kind: "joined";
  readonly left: TablePlan;
  readonly right: TablePlan;
  readonly store: StoreDraft | undefined;
  readonly viewOf: (left: TableView, right: TableView) => TableView;
}

/** Another table, whose changes come later: what waits is in a buffer. */
export interface SuppressedTablePlan {
  readonly kind: "suppressed";
  readonly parent: TablePlan;
  readonly viewOf: (parent: TableView) => TableView;
}

/** Whether a table has versions: those that operators below may get out of order (Kafka: `isVersionedOrVersionedUpstream`). */
export function isVersioned(table: TablePlan): boolean {
  switch (table.kind) {
    case "source":
    case "aggregate":
    case "joined":
      return table.store?.historyRetentionMs !== undefined;
    case "derived":
      return table.isKeptByUser
        ? table.store?.historyRetentionMs !== undefined
        : isVersioned(table.parent);
    case "suppressed":
      return false;
  }
}
