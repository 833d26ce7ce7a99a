import type { Clock } from "@millrace/platform";

/** When a coordinator was asked: what it answers holds of then, and of no later time. */
export interface Asked {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function askedNow(clock: Pick<Clock, "monotonicMs" | "wallMs">): Asked {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}
