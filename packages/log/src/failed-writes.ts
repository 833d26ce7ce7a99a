import type { Platform } from "@millrace/platform";

/** Of each log a line at most this often: a full disk may refuse thousands of appends a second. */
const everyMs = 10_000;

interface Told {
  readonly nextMs: number;
  /** Since then, with the last one's cause. */
  untold: number;
  error: unknown;
}

/** Appends that the device refused: each is counted, and told with its log's path, its cause and what to do. */
export class FailedWrites {
  readonly #platform: Pick<Platform, "clock" | "logger">;
  /** Of logs that were told of lately. */
  readonly #told = new Map<string, Told>();
  #count = 0;

  constructor(platform: Pick<Platform, "clock" | "logger">) {
    this.#platform = platform;
  }

  /** All so far. */
  get count(): number {
    return this.#count;
  }

  /** `path`: of the log. */
  tell(path: string, error: unknown): void {
    this.#count++;
    const nowMs = this.#platform.clock.monotonicMs();
    const last = this.#told.get(path);
    if (last !== undefined && nowMs < last.nextMs) {
      last.untold++;
      last.error = error;
      return;
    }
    this.#told.delete(path);
    this.#forget(nowMs);
    this.#told.set(path, { nextMs: nowMs + everyMs, untold: 0, error });
    this.#line(path, error, 1 + (last?.untold ?? 0));
  }

  /** Of what was told of long ago; what was not since is told before. */
  #forget(nowMs: number): void {
    for (const [path, { nextMs, untold, error }] of this.#told) {
      if (nextMs > nowMs) continue;
      this.#told.delete(path);
      if (untold > 0) this.#line(path, error, untold);
    }
  }

  #line(path: string, error: unknown, count: number): void {
    this.#platform.logger.log("warn", "log.write-failed", { path, error, count });
  }
}
