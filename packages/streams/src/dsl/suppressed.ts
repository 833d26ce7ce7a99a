import {
  readOptions,
  optionTable,
  choiceOption,
  flagOption,
  numberOption,
  toMilliseconds,
} from "@millrace/model";
import type { Duration, Windowed } from "@millrace/model";

export interface BufferBounds {
  /** So many keys may wait. Default: any number. */
  readonly records?: number;
  /** So many bytes, as Kafka counts them, may wait. Default: any number. */
  readonly bytes?: number;
  /** False: no changelog; what waits is lost with the process. Default true. */
  readonly logging?: boolean;
}

const whenFull = ["emitEarly", "shutDown"] as const;

export interface TimeLimitOptions extends BufferBounds {
  /** What a full buffer does: let its oldest change out, or end the application. Default `emitEarly`. */
  readonly whenFull?: (typeof whenFull)[number];
}

/** How much may wait, and what a full buffer does (Kafka: `Suppressed.BufferConfig`). */
export interface SuppressedBuffer {
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly logging: boolean;
  readonly whenFull: (typeof whenFull)[number];
}

/** Made by `untilWindowCloses` (Kafka: `Suppressed<Windowed>`). */
export interface UntilWindowCloses extends SuppressedBuffer {
  readonly kind: "windowCloses";
}

/** Made by `untilTimeLimit` (Kafka: `Suppressed`). */
export interface UntilTimeLimit extends SuppressedBuffer {
  readonly kind: "timeLimit";
  readonly limitMs: number;
}

export type Suppressed = UntilWindowCloses | UntilTimeLimit;

/** What `suppress` takes, or the advice what to give. */
export type SuppressedCheck<U, K> = U extends UntilTimeLimit
  ? U
  : U extends UntilWindowCloses
    ? [K] extends [Windowed<unknown>]
      ? U
      : "untilWindowCloses needs a windowed table: groupByKey().windowedBy(…) before, or untilTimeLimit('5s')"
    : "suppress takes untilWindowCloses() or untilTimeLimit('5s')";

const bounds = {
  records: numberOption({ min: 0 }),
  bytes: numberOption({ min: 0 }),
  logging: flagOption({}),
};
const boundsTable = optionTable("untilWindowCloses", bounds);
const limitTable = optionTable("untilTimeLimit", {
  ...bounds,
  whenFull: choiceOption(whenFull, {}),
});

/**
 * One result for each window, when it has closed by stream time (Kafka: `Suppressed.untilWindowCloses`). A buffer that is
 * full ends the application, since what is not final must not leave.
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`
 * @example clicks.groupByKey().windowedBy(tumbling("1m")).count().suppress(untilWindowCloses())
 */
export function untilWindowCloses(buffer: BufferBounds = {}): UntilWindowCloses {
  readOptions(boundsTable, buffer);
  return Object.freeze({ kind: "windowCloses", ...boundsOf(buffer), whenFull: "shutDown" });
}

/**
 * The last change of a key, so long after its first one by stream time (Kafka: `Suppressed.untilTimeLimit`).
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`; DurationError
 * @example counts.suppress(untilTimeLimit("5s", { records: 10_000, whenFull: "emitEarly" }))
 */
export function untilTimeLimit(limit: Duration, buffer: TimeLimitOptions = {}): UntilTimeLimit {
  readOptions(limitTable, buffer);
  return Object.freeze({
    kind: "timeLimit",
    limitMs: toMilliseconds(limit, "limit of untilTimeLimit"),
    ...boundsOf(buffer),
    whenFull: buffer.whenFull ?? "emitEarly",
  });
}

export function isSuppressed(given: unknown): given is Suppressed {
  if (typeof given !== "object" || given === null || !("kind" in given)) return false;
  return given.kind === "windowCloses" || given.kind === "timeLimit";
}

function boundsOf({ records = Infinity, bytes = Infinity, logging = true }: BufferBounds) {
  return { recordsMax: records, bytesMax: bytes, logging };
}
