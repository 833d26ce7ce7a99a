import { logLevelRank, type LogFields, type Logger, type LogLevel } from "../logger.ts";
import type { Clock } from "../platform.ts";
import { acceptLogger, type AnyLogger } from "./accepted-logger.ts";

/** Of each such time a logger may take `shareMsMax`: what there is to tell beyond that is left out, but for errors. */
const windowMs = 10_000;
const shareMsMax = 1000;
/** Between two lines about the logger itself. */
const silenceMs = 60_000;

export interface GuardedLoggerOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Told of a logger that fails, or is too slow. */
  readonly fallback: Logger;
  /** What is below is not logged. Default: the logger decides. */
  readonly least?: LogLevel | "silent" | undefined;
}

/**
 * A program's own logger, which cannot harm what is logged: what it throws, or rejects with, goes to the fallback, once a
 * minute; one that is slow takes at most a tenth of the time.
 */
export class GuardedLogger implements Logger {
  readonly #inner: Logger;
  readonly #options: GuardedLoggerOptions;
  readonly #leastRank: number;
  #windowStartMs = -Infinity;
  #takenMs = 0;
  #leftOut = 0;
  #toldMs = -Infinity;

  constructor(given: AnyLogger, options: GuardedLoggerOptions) {
    this.#inner = acceptLogger(given);
    this.#options = options;
    this.#leastRank = logLevelRank[options.least ?? "debug"];
  }

  isEnabled(level: LogLevel): boolean {
    if (logLevelRank[level] < this.#leastRank) return false;
    try {
      return this.#inner.isEnabled(level);
    } catch (cause) {
      this.#tell("error", "logger.failed", { cause });
      return false;
    }
  }

  log(level: LogLevel, event: string, fields?: LogFields): void {
    if (!this.isEnabled(level)) return;
    const { clock } = this.#options;
    const beginMs = clock.monotonicMs();
    this.#turn(beginMs);
    if (this.#takenMs > shareMsMax && level !== "error") {
      this.#leftOut += 1;
      return;
    }
    try {
      const answer: unknown = this.#inner.log(level, event, fields);
      if (answer instanceof Promise)
        answer.catch((cause: unknown) =>
          this.#tell("error", "logger.failed", { cause, lost: event }),
        );
    } catch (cause) {
      this.#tell("error", "logger.failed", { cause, lost: event });
    }
    this.#takenMs += clock.monotonicMs() - beginMs;
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#windowStartMs < windowMs) return;
    this.#windowStartMs = nowMs;
    const events = this.#leftOut;
    const takenMs = this.#takenMs;
    this.#leftOut = this.#takenMs = 0;
    if (events > 0) this.#tell("warn", "logger.too-slow", { events, takenMs });
  }

  #tell(level: LogLevel, event: string, fields: LogFields): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#toldMs < silenceMs) return;
    this.#toldMs = nowMs;
    this.#options.fallback.log(level, event, fields);
  }
}
