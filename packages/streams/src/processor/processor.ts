import type { Offset, Timestamp } from "@millrace/model";
import type { RecordContext, StateStore, StoreSpecification } from "@millrace/state";

import type { PunctuationInterval, PunctuationType, Punctuator } from "./punctuation.ts";
import type { TaskId } from "./task-id.ts";
import type { StreamRecord } from "./stream-record.ts";
import type { TaskScope } from "./task-scope.ts";

/** One node of a topology at work in one task (Kafka: `Processor`). Synchronous. */
export interface Processor<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> {
  /** Once, before the first record, when the stores are open and restored. */
  init?(context: ProcessorContext<KOut, VOut>): void;
  process(record: StreamRecord<KIn, VIn>): void;
  /**
   * True: what it forwards counts as a record of its own even where it is the same object. It matters for dead
   * letters alone: a record that was sent no longer holds the bytes of its input.
   */
  readonly forwardsNewRecords?: boolean;
  /** How its forwards are counted among the metrics of nodes; absent: they are not. */
  readonly forwardsAs?: "suppression-emit" | "window-aggregate-final-emit" | undefined;
  close?(): void;
}

/**
 * Makes one processor per task: never hand out the same object twice (Kafka: `ProcessorSupplier`).
 *
 * @example
 * topology.addProcessor("seen", () => new Seen(), { parents: "clicks", stores: [seenStore] });
 */
export interface ProcessorSupplier<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> {
  (): Processor<KIn, VIn, KOut, VOut>;
  /** Stores that it brings along, for its processors alone or shared (Kafka: `ConnectedStoreProvider`). */
  readonly stores?: readonly StoreSpecification[];
}

/** What a processor may do to its surroundings (Kafka: `ProcessorContext`). */
export interface ProcessorContext<KOut = unknown, VOut = unknown> {
  readonly applicationId: string;
  readonly taskId: TaskId;
  /** Name of this node, as `describe()` prints it. */
  readonly nodeName: string;
  /** Where the program made this node, such as `app.ts:12:4`; undefined where the engine does not tell. */
  readonly nodePlace?: string | undefined;
  /** Calls all children in order, depth first; with `child`, that one alone. */
  forward(record: StreamRecord<KOut, VOut>, child?: string): void;
  /**
   * A store connected to this node, or a global one, which is read only; of a name, say the type that it was specified
   * with. To write it outside of a turn, such as in `setTimeout`, throws `OUT_OF_TURN`.
   */
  store<Store extends StateStore = StateStore>(handle: StoreSpecification<Store> | string): Store;
  /** The highest timestamp that the task has taken so far; -1 before the first. */
  currentStreamTimeMs(): Timestamp;
  currentSystemTimeMs(): Timestamp;
  /**
   * Sets a timer (Kafka: `ProcessorContext.schedule`). Disposing what it gives ends it, and so does the task. A timer
   * that comes late fires once for all times that it has missed. It forwards and writes as `process` does; records
   * that it makes come from no topic.
   *
   * @throws OptionError `INVALID_OPTION`
   * @example context.schedule("1m", "wallClockTime", (now) => context.forward(recordOf("tick", now, now)))
   */
  schedule(interval: PunctuationInterval, type: PunctuationType, punctuate: Punctuator): Disposable;
  /** Asks for a commit soon, before the interval between two is over. */
  commit(): void;
  /** Where the record under way came from; undefined outside of one, and where a timer made it. */
  readonly recordMetadata: RecordMetadata | undefined;
  /** Forwards outside of the record under way, such as from the flush of a cache, in the context given. */
  forwardIn(context: RecordContext, record: StreamRecord<KOut, VOut>): void;
  /**
   * Does for a record that has waited what `process` does for one that comes: where it fails it is left out itself, and not
   * the one under way.
   *
   * @param context in which it came; undefined: not known
   */
  processWaiting(
    record: StreamRecord,
    process: (record: StreamRecord) => void,
    context?: RecordContext,
  ): void;
  /** @throws StreamsError `OUT_OF_TURN` where no processor of the task has its turn */
  requireTurn(what: string): void;
  /** What the processors of the task share beside stores. */
  readonly taskScope: TaskScope;
  /**
   * Counts a record that is left out on purpose (`dropped-records-total`) and logs why.
   *
   * @param level default `warn`; less where it is as it should be, and nothing is lost
   * @throws OptionError `INVALID_OPTION`
   */
  dropRecord(reason: string, level?: DropLevel): void;
}

/** How a record that is left out is told. */
export type DropLevel = "warn" | "info" | "debug";

export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
}
