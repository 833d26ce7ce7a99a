import { requireValue } from "../processor/callback-result.ts";
import type { StreamRecord } from "../processor/stream-record.ts";

/** The next aggregate of a key; null deletes it. It may change the aggregate that it is given, and give it back. */
export type Aggregator<K, V, A> = (aggregate: A, value: V, key: K) => A;

/** One aggregate of two sessions that became one. It may change either, and give it back. */
export type Merger<K, A> = (left: A, right: A, key: K) => A;

/** How the aggregates of sessions are made. */
export interface AggregatorAndMerger<K, V, A> {
  readonly aggregator: Aggregator<K, V, A>;
  /** Called for each session that a record joins, the initial aggregate on the left; the record comes last. */
  readonly merger: Merger<K, A>;
}

export interface FoldCallbacks {
  /** As the user calls it. */
  readonly operator: string;
  /** Undefined: the first value stands for itself. */
  readonly init: (() => unknown) | undefined;
  readonly aggregator: Aggregator<unknown, unknown, unknown>;
}

/** How values come into an aggregate. */
export class Fold {
  readonly #callbacks: FoldCallbacks;

  constructor(callbacks: FoldCallbacks) {
    this.#callbacks = callbacks;
  }

  next(old: unknown, { key, value }: StreamRecord): unknown {
    const { init, aggregator, operator } = this.#callbacks;
    if (old === null && init === undefined) return value ?? null;
    return requireValue(aggregator(old ?? this.initial(), value ?? null, key), operator);
  }

  /** Null where the first value stands for itself. */
  initial(): unknown {
    const { init, operator } = this.#callbacks;
    return init === undefined ? null : requireValue(init(), `${operator}'s initialiser`);
  }
}
