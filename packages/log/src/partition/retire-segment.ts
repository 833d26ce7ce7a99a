import type { LogSegment } from "../segment/log-segment.ts";
import type { LogState } from "./log-state.ts";

/** Takes a segment's files out of the way, and removes those whose time has come (`file.delete.delay.ms`). */
export function retireSegment(state: LogState, segment: LogSegment): void {
  const { dirty, retired, platform, config } = state;
  const dueMs = platform.clock.monotonicMs() + config.fileDeleteDelayMs;
  retired.add(dirty.retireSegment(segment), dueMs);
  retired.removeDue(platform.clock.monotonicMs());
}
