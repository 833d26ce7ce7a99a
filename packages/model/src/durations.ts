import { BaseError } from "./base-error.ts";

/** Milliseconds, or a number with a unit: `"250ms"`, `"5s"`, `"1m"`, `"2h"`, `"7d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** A duration that is not one. */
export class DurationError extends BaseError<"INVALID_DURATION"> {
  constructor(name: string, value: unknown) {
    super(
      "INVALID_DURATION",
      `${name} is ${JSON.stringify(value)}; give milliseconds or a text such as "250ms", "5s", "1m", "2h" or "7d", not negative`,
    );
  }
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Whole milliseconds of a duration.
 *
 * @param name what the duration is for, for the error's message
 * @throws DurationError
 * @example toMilliseconds("5m", "grace") // 300000
 */
export function toMilliseconds(duration: Duration, name: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw new DurationError(name, duration);
  return ms;
}

/** Whole milliseconds; undefined for what is no duration. */
export function parseDuration(duration: unknown): number | undefined {
  let ms = NaN;
  if (typeof duration === "number") ms = duration;
  if (typeof duration === "string") {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
    if (match !== null) ms = Number(match[1]) * unitMs[match[2]];
  }
  return Number.isFinite(ms) && ms >= 0 ? Math.round(ms) : undefined;
}
