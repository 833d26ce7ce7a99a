import { parseDuration, shown, type Duration } from "@millrace/model";

import { TopologyError } from "../../../error/topology-error.ts";

/**
 * How far apart two records may be that a join brings together (Kafka: `JoinWindows`). One duration: to both sides. A
 * pair: the time of the right one less that of the left one, from and to, both inclusive; they may be negative:
 * `["0ms", "1h"]` is right after left, up to an hour.
 */
export type Within = Duration | readonly [from: Duration, to: Duration];

export interface JoinWindow {
  /** How much older than the left record a right one may be; negative: at least so much newer. */
  readonly beforeMs: number;
  /** How much newer than the left record a right one may be. */
  readonly afterMs: number;
  /** How late a record may come, by the newer of both streams' times. */
  readonly graceMs: number;
}

/** Of a window store whose records a join looks up (Kafka: `JoinWindows.size`). */
export function sizeOf({ beforeMs, afterMs }: JoinWindow): number {
  return beforeMs + afterMs;
}

/** @throws TopologyError `INVALID_WINDOWS` */
export function readJoinWindow(operator: string, within: Within, grace: Duration = 0): JoinWindow {
  const graceMs = requireDuration(grace, `grace of ${operator}`);
  const pair: readonly unknown[] | undefined = Array.isArray(within) ? within : undefined;
  if (pair === undefined) {
    const differenceMs = parseDuration(within);
    if (differenceMs === undefined)
      throw invalid(
        `within of ${operator} is ${shown(within)}; give a duration such as "5m", or two bounds: ["-5m", "1h"]`,
      );
    if (differenceMs === 0)
      throw invalid(
        `within of ${operator} is 0 ms, which only records of one and the same time are; if that is meant, give [0, 0]`,
      );
    return { beforeMs: differenceMs, afterMs: differenceMs, graceMs };
  }
  const [from, to] = pair.map(signedMilliseconds);
  if (pair.length !== 2 || from === undefined || to === undefined)
    throw invalid(
      `within of ${operator} is [${pair.map(shown).join(", ")}]; give two durations, which may be negative: ["-5m", "1h"]`,
    );
  if (from > to)
    throw invalid(
      `within of ${operator} is from ${from} ms to ${to} ms, and so ends before it begins; give the lower bound first`,
    );
  return { beforeMs: -from, afterMs: to, graceMs };
}

/** @throws TopologyError `INVALID_WINDOWS` */
export function requireDuration(given: unknown, what: string): number {
  const ms = parseDuration(given);
  if (ms !== undefined) return ms;
  throw invalid(`${what} is ${shown(given)}; give a duration such as "5m", or milliseconds`);
}

function signedMilliseconds(bound: unknown): number | undefined {
  if (typeof bound === "number" && bound < 0) return negated(parseDuration(-bound));
  if (typeof bound === "string" && bound.startsWith("-"))
    return negated(parseDuration(bound.slice(1)));
  return parseDuration(bound);
}

function negated(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : 0 - ms;
}

function invalid(message: string): TopologyError {
  return new TopologyError("INVALID_WINDOWS", message);
}
