import { ClusterError, type OffsetAndMetadata } from "@millrace/cluster";

import type { Slice } from "../task/slice.ts";
import { commitTasks } from "./commit.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { RepartitionPurge } from "./repartition-purge.ts";
import type { OpenTask } from "./task-opener.ts";

export interface LoopCommitsOptions {
  readonly writer: LoopWriter;
  readonly slice: Slice;
  /** Gives up a commit that is under way. */
  readonly signal: AbortSignal;
}

/** When a loop commits, and what follows a commit. */
export class LoopCommits {
  readonly #environment: LoopEnvironment;
  readonly #options: LoopCommitsOptions;
  readonly #purge: RepartitionPurge;
  #nextMs = 0;

  constructor(environment: LoopEnvironment, options: LoopCommitsOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#purge = new RepartitionPurge(environment);
  }

  /** Until the next commit is due; 0 or less: it is. */
  get untilNextMs(): number {
    return this.#nextMs - this.#environment.platform.clock.monotonicMs();
  }

  /** The next commit is due after a whole interval from now. */
  schedule(): void {
    const { platform, config } = this.#environment;
    this.#nextMs = platform.clock.monotonicMs() + config.commitIntervalMs;
  }

  /** @returns the offsets that were committed; none where nothing had moved */
  async commit(tasks: readonly OpenTask[]): Promise<readonly OffsetAndMetadata[]> {
    const { membership, config, platform, taps } = this.#environment;
    const { writer, slice, signal } = this.#options;
    const startMs = platform.clock.monotonicMs();
    const offsets = await commitTasks(tasks, {
      writer: writer.current,
      refusals: writer.refusals,
      membership,
      isExactlyOnce: config.isExactlyOnce,
      slice,
      timers: platform.timers,
      signal,
      probe: platform.probe,
    }).catch((error: unknown) => {
      throw this.#explain(error, platform.clock.monotonicMs() - startMs);
    });
    if (offsets !== undefined) {
      writer.begin();
      this.#purge.afterCommit(offsets);
    }
    taps.committed();
    this.schedule();
    return offsets ?? [];
  }

  /** Where the broker has aborted a transaction for its age, that is the reason; it says only that it is aborted. */
  #explain(error: unknown, commitMs: number): unknown {
    const { isExactlyOnce, transactionTimeoutMs, commitIntervalMs } = this.#environment.config;
    const isTooLong = commitMs + commitIntervalMs > transactionTimeoutMs;
    if (!isExactlyOnce || !isTooLong || !(error instanceof ClusterError)) return error;
    if (error.code !== "TRANSACTION_ABORTED" && error.code !== "WRITER_FENCED") return error;
    return new ClusterError(
      error.code,
      `a commit of ${Math.round(commitMs)} ms, with a transactionTimeout of ${transactionTimeoutMs} ms, lost its transaction: ${error.message}. What caches hold is forwarded by a commit: raise transactionTimeout, or lower cacheBytesMax so that it is forwarded sooner, or make the operators behind the stores faster.`,
      { cause: error },
    );
  }

  /** Gives up what follows the last commit. */
  async close(): Promise<void> {
    await this.#purge.close();
  }
}
