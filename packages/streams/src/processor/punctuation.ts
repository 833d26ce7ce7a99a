import { OptionError, parseDuration, shown, type Duration, type Timestamp } from "@millrace/model";

/**
 * Which clock a timer goes by (Kafka: `PunctuationType`): the highest timestamp that the task has taken, which moves
 * with records alone, or the machine's.
 */
export type PunctuationType = "streamTime" | "wallClockTime";

/**
 * How often a timer fires: every interval, or on the grid that `startTime` (ms since 1970) anchors (KIP-1146).
 * Without a start, the grid of stream time begins at 0, so that the first record fires it, and that of the wall
 * clock now, so that it fires for the first time after one interval.
 */
export type PunctuationInterval =
  | Duration
  | { readonly interval: Duration; readonly startTime: Timestamp };

/** What a timer calls, with the time that it is, not the one that it was due at (Kafka: `Punctuator`). */
export type Punctuator = (timestamp: Timestamp) => void;

/** A timer to be: checked, in milliseconds. */
export interface PunctuationRequest {
  readonly intervalMs: number;
  readonly startTime: Timestamp | undefined;
  readonly type: PunctuationType;
  readonly punctuate: Punctuator;
}

/** @throws OptionError `INVALID_OPTION` for what is no interval, start, clock or function */
export function readPunctuation(
  given: PunctuationInterval,
  type: PunctuationType,
  punctuate: Punctuator,
): PunctuationRequest {
  const { interval, startTime } =
    typeof given === "object" && given !== null ? given : { interval: given, startTime: undefined };
  const intervalMs = parseDuration(interval);
  if (intervalMs === undefined || intervalMs < 1)
    throw refused("interval", interval, 'a duration of 1 ms or more, such as "10s"');
  if (startTime !== undefined && !(Number.isSafeInteger(startTime) && startTime >= 0))
    throw refused("startTime", startTime, "whole milliseconds since 1970, not negative");
  if (type !== "streamTime" && type !== "wallClockTime")
    throw refused("type", type, '"streamTime" or "wallClockTime"');
  if (typeof punctuate !== "function") throw refused("callback", punctuate, "a function");
  return { intervalMs, startTime, type, punctuate };
}

function refused(name: string, value: unknown, allowed: string): OptionError {
  return new OptionError(
    "INVALID_OPTION",
    `schedule: ${name} is ${shown(value)}; it takes ${allowed}`,
  );
}
