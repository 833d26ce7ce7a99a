import type { LogRecord, ProducerIdentity, TransactionMarker } from "./coordinator-log.ts";

/**
 * State of one partition of a coordinator's topic: a fold over its log (Kafka: `CoordinatorShard`).
 *
 *     request ──▶ shard ──▶ records + response
 *                   ▲           │ append (one batch)
 *                   └─ replay ◀─┤
 *                               └─ durable ──▶ response leaves
 *
 * A request decides on the state and returns records; only `replay` changes what the log holds.
 * What the log does not hold (timers, members that wait) may change in the request, since a restart
 * loses it anyway. Everything is synchronous.
 */
export interface CoordinatorShard<Value> {
  /**
   * Folds one record in: just appended, or read back. `producer` while its transaction is not yet
   * decided.
   */
  replay(value: Value, origin: RecordOrigin): void;
  /** Decides what a producer's transactional records become. */
  replayMarker(marker: TransactionMarker): void;
  /** The whole log was replayed: start timers, take up what a crash left unfinished. */
  loaded(): void;
}

export interface RecordOrigin {
  readonly offset: number;
  /** Read back from the log; otherwise just appended, and soft state may be ahead of it already. */
  readonly isLoading: boolean;
  readonly producer: ProducerIdentity | undefined;
}

/** How a shard's typed records stand in the log. */
export interface CoordinatorRecordCodec<Value> {
  /**
   * A record says all of its key, takes part in no transaction, and its key is text behind its type: the last one of a
   * key is all that a load needs.
   */
  readonly isLastOfKeyAll?: boolean;
  encode(value: Value): LogRecord;
  /** Undefined: a record of a kind that this coordinator does not keep; it is passed over. */
  decode(record: LogRecord): Value | undefined;
}

/** What a request leads to. */
export interface ShardResult<Value, Response> {
  /** Appended as one batch, then replayed; none: nothing is written. */
  readonly records: readonly Value[];
  /** Leaves once all that the shard has appended until now is durable. */
  readonly response: Response;
  /** Called once the records were appended and replayed; not if they were kept out. */
  readonly appended?: () => void;
  /**
   * Called once, before the response leaves: the records are durable, or what kept them out or made
   * the log fail. It must not write.
   */
  readonly settled?: (failure: Error | undefined) => void;
}

/** Timers of a shard: what they return is appended like that of a request. One timer per key. */
export interface ShardTimers<Value> {
  /** Replaces the timer of the same key. */
  schedule(key: string, delayMs: number, fire: () => ShardResult<Value, void>): void;
  cancel(key: string): void;
  isScheduled(key: string): boolean;
}

export const noRecords: readonly never[] = Object.freeze([]);

/** A result that writes nothing. */
export function answer<Response>(response: Response): ShardResult<never, Response> {
  return { records: noRecords, response };
}
