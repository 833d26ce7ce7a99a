import type { Offset, TopicPartition } from "@millrace/model";

/** A store that is read from its changelog. */
export interface RestoredStore {
  /** Such as `0_3`. */
  readonly task: string;
  readonly store: string;
  readonly changelog: TopicPartition;
  /** `active`: the task begins once its stores are restored; `standby`: they follow the changelogs. */
  readonly role: "active" | "standby";
}

/** How far a store has come. */
export interface RestoreProgress extends RestoredStore {
  /** Where it began. */
  readonly startOffset: Offset;
  /** All below is in the store. */
  readonly offset: Offset;
  /** Of the changelog: where restoring ends; of a standby as of the last look, where that has come. */
  readonly endOffset: Offset | undefined;
  /** Records that were put into the store so far. */
  readonly records: number;
}

/**
 * What happens to the state of a task that is read from its changelogs (Kafka: `StateRestoreListener`,
 * `StandbyUpdateListener`).
 *
 * - `start`: before the first record.
 * - `batch`: `batchRecords` more are in the store.
 * - `end`: the store holds all; never of a standby.
 * - `suspended`: given up before that: the task goes to another instance (`moved`), or from or to a standby.
 */
export type RestoreEvent = RestoreProgress &
  (
    | { readonly kind: "start" | "end" }
    | { readonly kind: "batch"; readonly batchRecords: number }
    | { readonly kind: "suspended"; readonly reason: "moved" | "promoted" | "demoted" | "closed" }
  );

/** Told at once and in order, between two slices; it must not take long. */
export type RestoreListener = (event: RestoreEvent) => void;
