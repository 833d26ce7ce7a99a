/** What a consumer's commits tell of it (Burrow's rules). */
export type LagVerdict = "ok" | "warning" | "stalled" | "stopped";

/** By rising severity; a metric tells the position. */
export const lagVerdicts: readonly LagVerdict[] = ["ok", "warning", "stalled", "stopped"];

/** A commit, and how far behind the log it was when it was seen. */
export interface LagSample {
  readonly offset: number;
  readonly commitTimestamp: number;
  readonly lag: number;
}

/** The last commits for one partition, oldest first. */
export interface LagWindow {
  readonly samples: readonly LagSample[];
  /** When there was nothing left to read last; -Infinity: not seen yet. */
  readonly caughtUpMs: number;
}

/** Commits that a verdict on progress takes. */
export const lagWindowLength = 10;
/** A silence that says nothing yet, however quickly the commits before it came. */
export const quietMsMax = 60_000;

/**
 * Judges by movement, and by no threshold of lag:
 *
 * - nothing is left to read: ok;
 * - no commit for longer than the window spans, although there was something to read: stopped;
 * - the window is not full, or holds a moment without lag: ok;
 * - commits of one and the same offset: stalled;
 * - offsets advance, and the lag never falls: warning.
 */
export function lagVerdict(
  { samples, caughtUpMs }: LagWindow,
  lag: number,
  nowMs: number,
): LagVerdict {
  const first = samples.at(0);
  const last = samples.at(-1);
  if (first === undefined || last === undefined || lag <= 0) return "ok";
  const spanMs = Math.max(last.commitTimestamp - first.commitTimestamp, quietMsMax);
  if (nowMs - Math.max(last.commitTimestamp, caughtUpMs) > spanMs) return "stopped";
  if (samples.length < lagWindowLength || samples.some((sample) => sample.lag <= 0)) return "ok";
  if (samples.every(({ offset }) => offset === first.offset)) return "stalled";
  const hasFallen = samples.some(
    (sample, index) => index > 0 && sample.lag < samples[index - 1].lag,
  );
  return hasFallen ? "ok" : "warning";
}
