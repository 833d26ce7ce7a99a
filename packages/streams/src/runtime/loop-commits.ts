import { ClusterError, type OffsetAndMetadata } from "@millrace/cluster";
import { messageOf } from "@millrace/model";
import { JoinedSignal } from "@millrace/platform";

import type { Slice } from "../task/slice.ts";
import { beginCommit, endCommit, type BegunCommit } from "./commit.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import type { LoopMetrics } from "./loop-metrics.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { RepartitionPurge } from "./repartition-purge.ts";
import type { ActiveTask } from "./active-task.ts";

export interface LoopCommitsOptions {
  readonly writer: LoopWriter;
  readonly slice: Slice;
  readonly metrics: LoopMetrics;
  /** Gives up a commit that is under way. */
  readonly signal: AbortSignal;
  /** Told of each commit; no offsets where nothing had moved. */
  readonly onCommitted: (offsets: readonly OffsetAndMetadata[]) => void;
  /** Told that a commit has ended beside the loop, however. */
  readonly wake: () => void;
}

interface UnderWay {
  /** Never rejects. */
  readonly ended: Promise<void>;
  readonly giveUp: AbortController;
}

/**
 * When a loop commits, and what follows a commit. With exactly-once its tasks go on while a commit ends, of which one at a
 * time is under way; but not while somebody listens to records, who is told of them by commits.
 */
export class LoopCommits {
  readonly #environment: LoopEnvironment;
  readonly #options: LoopCommitsOptions;
  readonly #purge: RepartitionPurge;
  readonly #closing = new AbortController();
  readonly #ends: JoinedSignal;
  #nextMs = 0;
  #underWay: UnderWay | undefined;
  /** Of the commit that ended last. */
  #failure: { readonly error: unknown } | undefined;
  #uncommitted: readonly OffsetAndMetadata[] = [];

  constructor(environment: LoopEnvironment, options: LoopCommitsOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#ends = new JoinedSignal(options.signal, this.#closing.signal);
    this.#purge = new RepartitionPurge(environment);
  }

  /** Until the next commit is due; 0 or less: it is. One that is under way is not due again. */
  get untilNextMs(): number {
    if (this.#underWay !== undefined) return Infinity;
    return this.#nextMs - this.#environment.platform.clock.monotonicMs();
  }

  /** True: one has begun beside the tasks, and has not ended. */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /** What a commit holds that is under way, or has failed. */
  get uncommitted(): readonly OffsetAndMetadata[] {
    return this.#uncommitted;
  }

  /** The next commit is due after a whole interval from now. */
  schedule(): void {
    const { platform, config } = this.#environment;
    this.#nextMs = platform.clock.monotonicMs() + config.commitIntervalMs;
  }

  /** Commits, and waits for its end. */
  async commit(tasks: readonly ActiveTask[]): Promise<void> {
    await this.begin(tasks);
    await this.#end();
  }

  /** Begins a commit, once the one before has ended; its tasks may go on meanwhile. */
  async begin(tasks: readonly ActiveTask[]): Promise<void> {
    await this.#end();
    const { platform } = this.#environment;
    const { writer, slice, metrics, wake } = this.#options;
    const startMs = platform.clock.monotonicMs();
    const { tracing } = this.#environment;
    tracing?.begin("commit"); // what caches hold back is sent by it
    const begun = await beginCommit(tasks, {
      writer: writer.current,
      refusals: writer.refusals,
      isOverlapped: this.#mayOverlap,
      slice,
      timers: platform.timers,
      signal: this.#ends.signal,
      tracing,
    }).catch((thrown: unknown) => {
      const error = this.#explain(thrown, startMs);
      tracing?.end({ error });
      throw error;
    });
    tracing?.end();
    if (begun === undefined) {
      this.#committed(undefined);
      return;
    }
    this.#uncommitted = begun.offsets;
    const giveUp = new AbortController();
    const ends = new JoinedSignal(this.#ends.signal, giveUp.signal);
    const ended = this.#endBegun(begun, startMs, ends.signal).finally(() => {
      ends[Symbol.dispose]();
      metrics.commit.end(startMs);
      this.#underWay = undefined;
      if (begun.isOverlapped) wake();
    });
    this.#underWay = { ended, giveUp };
    if (!begun.isOverlapped) await this.#end();
  }

  /** @throws what the commit failed with that has ended last, once */
  throwIfFailed(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** The loop has failed: has a commit that is under way end within bounds. Gives its failure; never rejects. */
  async settleSoon(cause: unknown): Promise<{ readonly error: unknown } | undefined> {
    const { config, platform } = this.#environment;
    const waitMs = config.closeTimeoutMs / 4;
    const timer = platform.timers.after(waitMs, () =>
      this.#underWay?.giveUp.abort(unendedCommit(waitMs, config, cause)),
    );
    const failure = await this.#settle();
    timer.cancel();
    return failure;
  }

  async #settle(): Promise<{ readonly error: unknown } | undefined> {
    await this.#underWay?.ended;
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** Gives up a commit that is under way, and what follows the last one. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#settle();
    await this.#purge.close();
    this.#ends[Symbol.dispose]();
  }

  get #mayOverlap(): boolean {
    const { config, taps } = this.#environment;
    return config.isExactlyOnce && !taps.areAny;
  }

  async #end(): Promise<void> {
    const failure = await this.#settle();
    if (failure !== undefined) throw failure.error;
  }

  async #endBegun(begun: BegunCommit, startMs: number, signal: AbortSignal): Promise<void> {
    const { assignments, config, platform } = this.#environment;
    const { writer } = this.#options;
    try {
      await endCommit(begun, {
        writer: writer.current,
        refusals: writer.refusals,
        assignments,
        isExactlyOnce: config.isExactlyOnce,
        signal,
        probe: platform.probe,
      });
      this.#uncommitted = [];
      this.#committed(begun);
    } catch (error) {
      this.#failure = { error: this.#explain(error, startMs) };
    }
  }

  #committed(begun: BegunCommit | undefined): void {
    const offsets = begun?.offsets ?? [];
    if (begun !== undefined) this.#purge.afterCommit(offsets);
    // Who has begun to listen meanwhile waits for the next one.
    if (begun?.isOverlapped !== true) this.#environment.taps.committed();
    this.schedule();
    this.#options.onCommitted(offsets);
  }

  /** Where the broker has aborted a transaction for its age, that is the reason; it says only that it is aborted. */
  #explain(error: unknown, startMs: number): unknown {
    const { config, platform } = this.#environment;
    const { isExactlyOnce, transactionTimeoutMs, commitIntervalMs } = config;
    const commitMs = platform.clock.monotonicMs() - startMs;
    const isTooLong = commitMs + commitIntervalMs > transactionTimeoutMs;
    if (!isExactlyOnce || !isTooLong || !(error instanceof ClusterError)) return error;
    if (error.code !== "TRANSACTION_ABORTED" && error.code !== "WRITER_FENCED") return error;
    return new ClusterError(
      error.code,
      `a commit of ${Math.round(commitMs)} ms, with a transactionTimeout of ${transactionTimeoutMs} ms, lost its transaction: ${error.message}. What caches hold is forwarded by a commit: raise transactionTimeout, or lower cacheBytesMax so that it is forwarded sooner, or make the operators behind the stores faster.`,
      { cause: error },
    );
  }
}

function unendedCommit(
  waitMs: number,
  { isExactlyOnce }: Pick<LoopEnvironment["config"], "isExactlyOnce">,
  cause: unknown,
): ClusterError {
  const consequence = isExactlyOnce
    ? "its transaction is aborted, unless the brokers have ended it already; its records are processed again, and nothing counts twice"
    : "its records are processed again from the last commit, and their results may be there twice";
  return new ClusterError(
    "REQUEST_TIMED_OUT",
    `the brokers did not end a commit for ${waitMs} ms after the loop had failed (${messageOf(cause)}), and it was given up: ${consequence}`,
    { retriable: true, cause },
  );
}
