import type { Platform } from "@millrace/platform";

export interface RecurringJob {
  /** In the log, where it fails. */
  readonly name: string;
  /** Until the first run. */
  readonly delayMs: number;
  /** Between the end of a run and the begin of the next. */
  readonly intervalMs: () => number;
  /** Gives way to others by itself, and ends soon once the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Owns work that comes again and again: a run that fails is told, and the next one tries anew. */
export class RecurringJobs {
  readonly #platform: Platform;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  start(job: RecurringJob): void {
    this.#running.push(this.#repeat(job));
  }

  /** Resolves once no job runs any more. Calling twice is fine. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #repeat({ name, delayMs, intervalMs, run }: RecurringJob): Promise<void> {
    const { timers, logger } = this.#platform;
    const { signal } = this.#stop;
    let waitMs = delayMs;
    for (;;) {
      await timers.sleep(waitMs, signal).catch(() => {});
      if (signal.aborted) return;
      try {
        await run(signal);
      } catch (error) {
        if (!signal.aborted) logger.log("warn", "broker.upkeep-failed", { job: name, error });
      }
      waitMs = intervalMs();
    }
  }
}
