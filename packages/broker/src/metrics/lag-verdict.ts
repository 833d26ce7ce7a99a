/** What a consumer's commits tell of it (Burrow's rules). */
export type LagVerdict = "ok" | "warning" | "stalled" | "stopped" | "rewound";

/** A metric tells the position; from 2 on somebody has to look. */
export const lagVerdicts: readonly LagVerdict[] = [
  "ok",
  "warning",
  "stalled",
  "stopped",
  "rewound",
];

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
 * - a commit went back, and none has come as far again: rewound;
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
  if (isRewound(samples)) return "rewound";
  if (samples.length < lagWindowLength || samples.some((sample) => sample.lag <= 0)) return "ok";
  if (samples.every(({ offset }) => offset === first.offset)) return "stalled";
  const hasFallen = samples.some(
    (sample, index) => index > 0 && sample.lag < samples[index - 1].lag,
  );
  return hasFallen ? "ok" : "warning";
}

/** A rebalance may have work done twice: what reaches again where it was is forgiven. */
function isRewound(samples: readonly LagSample[]): boolean {
  const back = samples.findIndex(
    ({ offset }, index) => index > 0 && offset < samples[index - 1].offset,
  );
  if (back === -1) return false;
  const lost = samples[back - 1].offset;
  return samples.slice(back).every(({ offset }) => offset < lost);
}
