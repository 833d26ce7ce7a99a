import type { Timestamp, Windowed } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type {
  ReadOnlyKeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyVersionedKeyValueStore,
  ReadOnlyWindowStore,
  StateStore,
  StoreSpecification,
  ValueAndTimestamp,
} from "@millrace/state";

import type { FixedKeyRecord } from "../../processor/fixed-key-record.ts";
import type { DropLevel, RecordMetadata } from "../../processor/processor.ts";
import type { PunctuationInterval, PunctuationType } from "../../processor/punctuation.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { TaskId } from "../../processor/task-id.ts";
import type { SynchronousResult } from "./callback-types.ts";
import type { GlobalKTable } from "./global-table.ts";
import type { KStream } from "./k-stream.ts";
import type { KTable } from "./k-table.ts";
import type { SerdeState } from "./serde-state.ts";

/** A store to be used: a specification, or a table, which is read only; so is a global store. */
export type StoreHandle =
  | StoreSpecification
  | KTable<unknown, unknown>
  | GlobalKTable<unknown, unknown>;

/** A processor's stores by the names that it gives them; each is found in the context under its name. */
export type StoreMap = Readonly<Record<string, StoreHandle>> & {
  readonly [
    Name in keyof ProcessContext<unknown> | "record" | "forward" | "forwardTo"
  ]?: `A store cannot be called '${Name}': the context has that name`;
};

/** Tables that are kept in a store of a name can be read. */
export type ReadableStores<S> = {
  readonly [Name in keyof S]: S[Name] extends {
    readonly carries: { readonly store: infer Store };
  }
    ? "unnamed" extends Store
      ? "The table has no store of its own: name one where it is made, { store: 'customers' }"
      : S[Name]
    : S[Name];
};

/** A store as the context has it: as it was specified, or of a table, to be read. */
export type OpenedStore<S> = S extends StoreSpecification<infer Store> ? Store : TableStoreOf<S>;
export type OpenedStores<S> = { readonly [Name in keyof S]: OpenedStore<S[Name]> };

type TableStoreOf<T> = T extends {
  readonly carries: { readonly key: infer K; readonly value: infer V; readonly store: infer Store };
}
  ? Store extends "keyValue"
    ? ReadOnlyKeyValueStore<K, ValueAndTimestamp<V & {}>>
    : Store extends "versioned"
      ? ReadOnlyVersionedKeyValueStore<K, V & {}>
      : WindowedStoreOf<K, V & {}, Store>
  : StateStore;

type WindowedStoreOf<WK, V, Store> =
  WK extends Windowed<infer K>
    ? Store extends "window"
      ? ReadOnlyWindowStore<K, ValueAndTimestamp<V>>
      : Store extends "session"
        ? ReadOnlySessionStore<K, V>
        : never
    : never;

/** Serdes of what a processor forwards: they say its types. */
export interface OutputSerdes {
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
}
/** Several outputs, each a stream of its own. */
export type OutputMap = Readonly<Record<string, OutputSerdes>>;

type SerdeType<S> = S extends Serde<infer T> ? T : never;
type OutKey<Out, K> = [Out] extends [never]
  ? K
  : Out extends OutputSerdes
    ? SerdeType<Out["key"]>
    : never;
type OutValue<Out, V> = [Out] extends [never]
  ? V
  : Out extends OutputSerdes
    ? SerdeType<Out["value"]>
    : never;

/**
 * What a processor of the DSL may do to its surroundings (Kafka: `ProcessorContext`). All of it may be taken out of it
 * where it is received: `process(record, { stock, forward }) { … }`.
 */
export interface ProcessContext<State> {
  readonly applicationId: string;
  readonly taskId: TaskId;
  /** Name of this node, as `describe()` prints it. */
  readonly nodeName: string;
  /** What `state` made for this task. */
  readonly state: State;
  /** Where the record under way came from; undefined where a timer made it (Kafka: `recordMetadata`). */
  readonly metadata: RecordMetadata | undefined;
  /** The highest timestamp that the task has taken so far; -1 before the first. */
  readonly currentStreamTimeMs: () => Timestamp;
  readonly currentSystemTimeMs: () => Timestamp;
  /**
   * Sets a timer (Kafka: `ProcessorContext.schedule`): every interval, or on the grid that a `startTime` anchors.
   * Disposing what it gives ends it. A timer that comes late fires once for all times that it has missed.
   *
   * @throws OptionError `INVALID_OPTION`
   */
  readonly schedule: <R>(
    interval: PunctuationInterval,
    type: PunctuationType,
    punctuate: (timestamp: Timestamp) => SynchronousResult<R, "a timer">,
  ) => Disposable;
  /** Asks for a commit soon, before the interval between two is over. */
  readonly commit: () => void;
  /**
   * Counts a record that is left out on purpose (`dropped-records-total`) and logs why.
   *
   * @param level default `warn`; less where it is as it should be, and nothing is lost
   * @throws OptionError `INVALID_OPTION`
   */
  readonly dropRecord: (reason: string, level?: DropLevel) => void;
}

type Forwarding<K, V, Out, C> = [C] extends [never]
  ? {
      /** To all children, depth first; with `child`, to that one alone. */
      readonly forward: (
        record: StreamRecord<OutKey<Out, K>, OutValue<Out, V>>,
        child?: string,
      ) => void;
    }
  : {
      /** To the stream of an output. */
      readonly forwardTo: {
        readonly [Name in keyof C]: C[Name] extends OutputSerdes
          ? (record: StreamRecord<SerdeType<C[Name]["key"]>, SerdeType<C[Name]["value"]>>) => void
          : never;
      };
    };

type Context<K, V, S, Out, C, State> = ProcessContext<State> &
  OpenedStores<S> &
  Forwarding<K, V, Out, C>;

/** A processor (Kafka: `Processor`, `ProcessorSupplier` and `ConnectedStoreProvider` in one). */
export interface ProcessorDefinition<K, V, S, Out, C, State, R> {
  /** Stores that it uses. Who names the same specification shares the store. */
  readonly stores?: S & ReadableStores<S>;
  /** Serdes of what is forwarded. Default: those of what comes in. */
  readonly output?: Out;
  /** In place of `output`: several, each a stream of its own. */
  readonly outputs?: C;
  /** Makes what this processor keeps per task, and loses with it: what must last goes into a store. */
  readonly state?: () => State;
  /** Once per task, before the first record: sets timers. */
  init?(context: Context<K, V, S, Out, C, State>): void;
  process(
    record: StreamRecord<K, V>,
    context: Context<K, V, S, Out, C, State>,
  ): SynchronousResult<R, "process">;
  close?(context: ProcessContext<State> & OpenedStores<S>): void;
}

/** A processor that leaves keys as they are (Kafka: `FixedKeyProcessor`). */
export interface FixedKeyProcessorDefinition<K, V, S, Value, State, R> {
  /** Stores that it uses. Who names the same specification shares the store. */
  readonly stores?: S & ReadableStores<S>;
  /** Serde of the values that are forwarded. Default: that of what comes in. */
  readonly value?: Value;
  /** Makes what this processor keeps per task, and loses with it: what must last goes into a store. */
  readonly state?: () => State;
  /** Once per task, before the first record: sets timers. */
  init?(context: FixedKeyContext<K, V, S, Value, State>): void;
  process(
    record: FixedKeyRecord<K, V>,
    context: FixedKeyContext<K, V, S, Value, State>,
  ): SynchronousResult<R, "processValues">;
  close?(context: ProcessContext<State> & OpenedStores<S>): void;
}

/** What a transformer of a table's values may do to its surroundings: all but forward. */
export type TransformContext<S, State> = ProcessContext<State> &
  OpenedStores<S> & {
    /** The change under way; of a row that is looked up its time, without a place: -1 where there is no row. */
    readonly record: RecordInfo;
  };

/** A transformer of a table's values (Kafka: `ValueTransformerWithKey`, its supplier and its stores in one). */
export interface ValueTransformerDefinition<K, V, S, State, R> {
  /** Stores that it uses. Who names the same specification shares the store. */
  readonly stores?: S & ReadableStores<S>;
  /** Makes what this transformer keeps per task, and loses with it: what must last goes into a store. */
  readonly state?: () => State;
  /** Once per task, before the first row; and once for each operator that looks rows up which are not kept. */
  init?(context: TransformContext<S, State>): void;
  /** Makes the value of a row, also of one that is deleted: its value is null. What gives null deletes. */
  transform(value: V, key: K, context: TransformContext<S, State>): R;
  close?(context: TransformContext<S, State>): void;
}

type FixedKeyContext<K, V, S, Value, State> = ProcessContext<State> &
  OpenedStores<S> & {
    /** To all children, depth first; with `child`, to that one alone. */
    readonly forward: (record: FixedKeyRecord<K, FixedKeyValue<V, Value>>, child?: string) => void;
  };

export type FixedKeyValue<V, Value> = [Value] extends [never] ? V : SerdeType<Value>;

/** The stream, or the streams, below a processor. */
export type ProcessedStreams<K, V, States extends readonly SerdeState[], Out, C> = [C] extends [
  never,
]
  ? KStream<
      OutKey<Out, K>,
      OutValue<Out, V>,
      [Out] extends [never] ? States[0] : "known",
      [Out] extends [never] ? States[1] : "known"
    >
  : {
      readonly [Name in keyof C]: C[Name] extends OutputSerdes
        ? KStream<SerdeType<C[Name]["key"]>, SerdeType<C[Name]["value"]>, "known", "known">
        : never;
    };
