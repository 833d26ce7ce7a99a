import { invariant } from "@millrace/model";
import type { Platform, Timer } from "@millrace/platform";
import { CoordinatorLogError } from "./coordinator-log-error.ts";
import type {
  CoordinatorLog,
  CoordinatorLogs,
  CoordinatorTopic,
  LogRecord,
  ProducerIdentity,
  TransactionMarker,
} from "./coordinator-log.ts";
import type {
  CoordinatorRecordCodec,
  CoordinatorShard,
  ShardResult,
  ShardTimers,
} from "./coordinator-shard.ts";
import { replayLastOfKeys } from "./replay-last-of-keys.ts";

export interface ShardRuntimeOptions<Value, Shard extends CoordinatorShard<Value>> {
  readonly topic: CoordinatorTopic;
  readonly logs: CoordinatorLogs;
  readonly codec: CoordinatorRecordCodec<Value>;
  readonly createShard: (partition: number, timers: ShardTimers<Value>) => Shard;
  readonly platform: Platform;
}

/**
 * Runs the shards of one coordinator (Kafka: `CoordinatorRuntime`): appends what a request returns,
 * replays it into the state, parks the response until it is durable. One write at a time per shard.
 * A read sees the newest state, and its answer waits until all that it saw is durable; so nothing
 * is shown that a crash could take back.
 *
 * A shard is loaded on first use: its log is replayed from the start, in one go. Whoever asks while
 * that goes on (through a callback of the replay) is told `ShardLoadingError`.
 */
export class ShardRuntime<Value, Shard extends CoordinatorShard<Value>> {
  readonly #options: ShardRuntimeOptions<Value, Shard>;
  readonly #active = new Map<number, ActiveShard<Value, Shard>>();
  #isClosed = false;

  constructor(options: ShardRuntimeOptions<Value, Shard>) {
    this.#options = options;
  }

  get partitionCount(): number {
    return this.#options.logs.partitionCount(this.#options.topic);
  }

  /**
   * Runs a request that may write. With `producer` its records are transactional.
   * Rejects with `CoordinatorLogError` if the records could not be appended or made durable.
   */
  write<Response>(
    partition: number,
    request: (shard: Shard) => ShardResult<Value, Response>,
    producer?: ProducerIdentity,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#load(partition).write(request, producer, (failure, response) => {
        if (failure === undefined) resolve(response as Response);
        else reject(failure);
      });
    });
  }

  /** Runs a request that only looks. */
  read<Response>(partition: number, request: (shard: Shard) => Response): Promise<Response> {
    return this.write(partition, (shard) => ({ records: [], response: request(shard) }));
  }

  /** Epoch of the coordinator for one partition. */
  coordinatorEpoch(partition: number): number {
    return this.#options.logs.open(this.#options.topic, partition).leaderEpoch;
  }

  /** `read` on every shard that holds something, in the order of the partitions. */
  async readAll<Response>(request: (shard: Shard) => Response): Promise<readonly Response[]> {
    const failure = this.loadExisting();
    if (failure !== undefined) throw failure;
    return this.writeAll((shard) => ({ records: [], response: request(shard) }));
  }

  /** `write` on every shard that can be loaded, in the order of the partitions. */
  async writeAll<Response>(
    request: (shard: Shard) => ShardResult<Value, Response>,
  ): Promise<readonly Response[]> {
    return Promise.all(this.loadedPartitions().map((partition) => this.write(partition, request)));
  }

  /** Those that can be loaded, in their order. */
  loadedPartitions(): readonly number[] {
    this.loadExisting();
    return [...this.#active.keys()].toSorted((left, right) => left - right);
  }

  /** Lets every log drop what its shard needs no more: all below an offset, or all that there is. */
  async forgetAll(belowOf: (shard: Shard) => number | undefined): Promise<void> {
    for (const active of this.#active.values()) await active.forget(belowOf);
  }

  /** Ends a producer's transaction in one partition; resolves once the marker is durable. */
  completeTransaction(partition: number, marker: TransactionMarker): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#load(partition).completeTransaction(marker, (failure) => {
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
  }

  /**
   * Loads every partition that holds something: at start, so that timers run and unfinished work
   * goes on. One whose log cannot be used stays away, and whoever needs it is told; gives the first
   * such failure.
   */
  loadExisting(): CoordinatorLogError | undefined {
    let first: CoordinatorLogError | undefined;
    for (const partition of this.#options.logs.existing(this.#options.topic))
      try {
        this.#load(partition);
      } catch (error) {
        if (!(error instanceof CoordinatorLogError)) throw error;
        first ??= error;
      }
    return first;
  }

  /** Stops all timers; calls from now on are refused. Calling twice is fine. */
  close(): void {
    this.#isClosed = true;
    for (const active of this.#active.values()) active.close();
    this.#active.clear();
  }

  #load(partition: number): ActiveShard<Value, Shard> {
    if (this.#isClosed)
      throw new CoordinatorLogError("LOG_UNAVAILABLE", "the broker is closing; ask another one");
    const known = this.#active.get(partition);
    if (known !== undefined) return known;
    const active: ActiveShard<Value, Shard> = new ActiveShard(this.#options, partition, () => {
      active.close();
      if (this.#active.get(partition) === active) this.#active.delete(partition);
    });
    this.#active.set(partition, active);
    try {
      active.load();
    } catch (error) {
      this.#active.delete(partition);
      active.close();
      throw error;
    }
    return active;
  }
}

type Done<Response> = (failure: Error | undefined, response?: Response) => void;

class ActiveShard<Value, Shard extends CoordinatorShard<Value>> {
  readonly #codec: CoordinatorRecordCodec<Value>;
  readonly #log: CoordinatorLog;
  readonly #shard: Shard;
  readonly #timers: RuntimeTimers<Value>;
  /** What was replayed is not in the log: the shard is of no use any more, and is loaded anew when it is asked for. */
  readonly #onLost: () => void;
  /** `loading` and `closed` refuse; one write at a time in `writing`. */
  #state: "loading" | "idle" | "writing" | "closed" = "loading";
  /** End offset after what this runtime has written: what an answer waits for. */
  #writtenOffset = 0;

  constructor(options: ShardRuntimeOptions<Value, Shard>, partition: number, onLost: () => void) {
    this.#onLost = onLost;
    this.#codec = options.codec;
    this.#log = options.logs.open(options.topic, partition);
    this.#timers = new RuntimeTimers<Value>(options.platform, (fire) => this.#fire(fire));
    this.#shard = options.createShard(partition, this.#timers);
  }

  load(): void {
    const record = (offset: number, stored: LogRecord, producer?: ProducerIdentity): void => {
      const value = this.#codec.decode(stored);
      if (value !== undefined) this.#shard.replay(value, { offset, producer, isLoading: true });
    };
    if (this.#codec.isLastOfKeyAll === true) replayLastOfKeys(this.#log, record);
    else
      this.#log.replay({
        record,
        marker: (_offset, marker) => this.#shard.replayMarker(marker),
      });
    this.#writtenOffset = this.#log.endOffset;
    this.#state = "idle";
    this.#shard.loaded();
  }

  write<Response>(
    request: (shard: Shard) => ShardResult<Value, Response>,
    producer: ProducerIdentity | undefined,
    done: Done<Response>,
  ): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) return done(refusal);
    let result: ShardResult<Value, Response>;
    this.#state = "writing";
    try {
      result = request(this.#shard);
      const failure = this.#append(result.records, producer);
      this.#state = "idle";
      if (failure !== undefined) {
        result.settled?.(failure);
        return done(failure);
      }
      result.appended?.();
    } catch (error) {
      this.#state = "idle";
      return done(error instanceof Error ? error : new Error(String(error)));
    }
    this.#log.whenDurable(this.#writtenOffset, (failure) => {
      result.settled?.(failure);
      if (failure === undefined) return done(undefined, result.response);
      this.#onLost();
      done(failure);
    });
  }

  completeTransaction(marker: TransactionMarker, done: Done<void>): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) return done(refusal);
    try {
      this.#writtenOffset = this.#log.appendMarker(marker);
      this.#shard.replayMarker(marker);
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)));
    }
    this.#log.whenDurable(this.#writtenOffset, (failure) => {
      if (failure !== undefined) this.#onLost();
      done(failure);
    });
  }

  async forget(belowOf: (shard: Shard) => number | undefined): Promise<void> {
    if (this.#state !== "idle") return;
    const below = belowOf(this.#shard) ?? this.#writtenOffset;
    // What was written last is the reason for which something before it may go.
    await this.#written();
    await this.#log.forgetBefore(below);
  }

  /** Resolves once all is durable that is written. */
  #written(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#log.whenDurable(this.#writtenOffset, (failure) => {
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
  }

  close(): void {
    this.#state = "closed";
    this.#timers.close();
  }

  #refusal(): Error | undefined {
    invariant(this.#state !== "writing", "COORDINATOR-1", "a write inside a write");
    if (this.#state === "loading") return new ShardLoadingError();
    if (this.#state === "closed")
      return new CoordinatorLogError("LOG_UNAVAILABLE", "the broker is closing; ask another one");
    return undefined;
  }

  #append(
    values: readonly Value[],
    producer: ProducerIdentity | undefined,
  ): CoordinatorLogError | undefined {
    if (values.length === 0) return undefined;
    const firstOffset = this.#log.endOffset;
    try {
      this.#writtenOffset = this.#log.append(
        values.map((value) => this.#codec.encode(value)),
        producer,
      );
    } catch (error) {
      if (error instanceof CoordinatorLogError) return error;
      throw error;
    }
    for (const [index, value] of values.entries())
      this.#shard.replay(value, { offset: firstOffset + index, producer, isLoading: false });
    return undefined;
  }

  #fire(fire: () => ShardResult<Value, void>): void {
    this.write(fire, undefined, () => {});
  }
}

/** The shard is being read from its log (Kafka: COORDINATOR_LOAD_IN_PROGRESS). Try again. */
export class ShardLoadingError extends CoordinatorLogError {
  constructor() {
    super("LOG_UNAVAILABLE", "the coordinator is being loaded; try again");
  }
}

class RuntimeTimers<Value> implements ShardTimers<Value> {
  readonly #platform: Platform;
  readonly #run: (fire: () => ShardResult<Value, void>) => void;
  readonly #timers = new Map<string, Timer>();
  #isClosed = false;

  constructor(platform: Platform, run: (fire: () => ShardResult<Value, void>) => void) {
    this.#platform = platform;
    this.#run = run;
  }

  schedule(key: string, delayMs: number, fire: () => ShardResult<Value, void>): void {
    this.cancel(key);
    if (this.#isClosed) return; // what was written before becomes durable, or fails
    const timer = this.#platform.timers.after(Math.max(0, delayMs), () => {
      this.#timers.delete(key);
      this.#run(fire);
    });
    this.#timers.set(key, timer);
  }

  cancel(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  isScheduled(key: string): boolean {
    return this.#timers.has(key);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
