import type { LogLevel, Platform } from "@millrace/platform";

const everyMs = 10_000;

/** A line of the log for what may happen thousands of times a second: told at once, then at most every ten seconds. */
export class SeldomLine {
  readonly #platform: Platform;
  readonly #level: LogLevel;
  readonly #event: string;
  #nextMs = -Infinity;
  #count = 0;

  constructor(platform: Platform, level: LogLevel, event: string) {
    this.#platform = platform;
    this.#level = level;
    this.#event = event;
  }

  /** With how often it happened since the last line. */
  tell(fields: Readonly<Record<string, unknown>>): void {
    this.#count++;
    const nowMs = this.#platform.clock.monotonicMs();
    if (nowMs < this.#nextMs) return;
    this.#platform.logger.log(this.#level, this.#event, { ...fields, count: this.#count });
    this.#nextMs = nowMs + everyMs;
    this.#count = 0;
  }
}
