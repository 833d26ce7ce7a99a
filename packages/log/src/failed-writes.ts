import type { Platform } from "@millrace/platform";

/** Of each log a line at most this often: a full disk may refuse thousands of appends a second. */
const everyMs = 10_000;

/** Appends that the device refused: each is counted, and told with its log's path, its cause and what to do. */
export class FailedWrites {
  readonly #platform: Pick<Platform, "clock" | "logger">;
  /** Of logs that were told of lately. */
  readonly #told = new Map<string, { readonly nextMs: number; untold: number }>();
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
      return;
    }
    for (const [other, { nextMs }] of this.#told) if (nextMs <= nowMs) this.#told.delete(other);
    this.#told.set(path, { nextMs: nowMs + everyMs, untold: 0 });
    const count = 1 + (last?.untold ?? 0);
    this.#platform.logger.log("warn", "log.write-failed", { path, error, count });
  }
}
