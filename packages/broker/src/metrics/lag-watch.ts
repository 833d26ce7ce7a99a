import {
  type LagSample,
  type LagVerdict,
  lagVerdict,
  type LagWindow,
  lagWindowLength,
} from "./lag-verdict.ts";

/** Commits that follow closer on each other count as one: a window is then of some length. */
const betweenSamplesMs = 10_000;

/** Windows over the commits of groups; they move whenever they are looked at. */
export class LagWatch {
  #windows = new Map<string, LagWindow>();
  #seen = new Map<string, LagWindow>();

  /** @param key what committed, and for which partition */
  judge(key: string, now: LagSample, nowMs: number): LagVerdict {
    const { samples, caughtUpMs } = this.#windows.get(key) ?? {
      samples: [],
      caughtUpMs: -Infinity,
    };
    const window: LagWindow = {
      samples: withSample(samples, now),
      caughtUpMs: now.lag <= 0 ? nowMs : caughtUpMs,
    };
    this.#seen.set(key, window);
    return lagVerdict(window, now.lag, nowMs);
  }

  /** What was not judged since the last call is gone, and is forgotten. */
  endRound(): void {
    this.#windows = this.#seen;
    this.#seen = new Map();
  }
}

function withSample(samples: readonly LagSample[], now: LagSample): readonly LagSample[] {
  const last = samples.at(-1);
  if (last?.commitTimestamp === now.commitTimestamp) return samples;
  const before = samples.at(-2);
  const isClose =
    before !== undefined &&
    now.commitTimestamp - before.commitTimestamp < betweenSamplesMs &&
    last !== undefined;
  return [...(isClose ? samples.slice(0, -1) : samples), now].slice(-lagWindowLength);
}
