import { ClusterError, type OffsetAndMetadata } from "@millrace/cluster";
import type { ClientContext } from "../client-context.ts";
import { isRetriable } from "../connection/retrying.ts";

export interface AutoCommitOptions {
  readonly context: ClientContext;
  /** 0: never. */
  readonly intervalMs: number;
  /** What is processed and not committed yet. */
  readonly processed: () => readonly OffsetAndMetadata[];
  readonly commit: (offsets: readonly OffsetAndMetadata[], signal: AbortSignal) => Promise<void>;
  /** Aborts when the consumer is closed: a commit under way is given up for the last one. */
  readonly closing: AbortSignal;
}

/** Commits from time to time, in the background: a coordinator that is away holds up no records. */
export class AutoCommit {
  readonly #options: AutoCommitOptions;
  #nextMs = Infinity;
  #committing: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(options: AutoCommitOptions) {
    this.#options = options;
  }

  /** Begins to count the time to the next commit. */
  start(): void {
    const { context, intervalMs } = this.#options;
    if (intervalMs > 0) this.#nextMs = context.platform.clock.monotonicMs() + intervalMs;
  }

  /**
   * Commits if it is time.
   *
   * @throws what keeps anything from being committed, now and later
   */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#nextMs === Infinity || this.#committing !== undefined) return;
    const { context, intervalMs, closing } = this.#options;
    const nowMs = context.platform.clock.monotonicMs();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + intervalMs;
    this.#committing = this.#commit(closing).finally(() => {
      this.#committing = undefined;
    });
  }

  /** Commits what is processed by now, after the commit that may be under way. Never rejects. */
  async finish(signal: AbortSignal): Promise<void> {
    await this.#committing;
    if (this.#options.intervalMs > 0) await this.#commit(signal);
  }

  /** Never rejects: what may pass is tried again with the next commit, the rest is told by `check`. */
  async #commit(signal: AbortSignal): Promise<void> {
    const { context, processed, commit, closing } = this.#options;
    // The group would refuse, again and again, what belongs to a topic that is not there any more.
    const offsets = processed().filter(({ topic }) => context.metadata.topic(topic) !== undefined);
    if (offsets.length === 0) return;
    try {
      await commit(offsets, signal);
    } catch (error) {
      // Fenced: somebody else has the partitions now, and processes again what was not committed.
      const isFenced = error instanceof ClusterError && error.code === "COMMIT_FENCED";
      const { logger } = context.platform;
      logger.log("warn", isFenced ? "client.commit-fenced" : "client.commit-failed", {
        cause: String(error),
      });
      if (!isFenced && !isRetriable(error) && !closing.aborted) this.#failure = error as Error;
    }
  }
}
