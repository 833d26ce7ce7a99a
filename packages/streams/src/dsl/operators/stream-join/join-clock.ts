import type { Timestamp } from "@millrace/model";

/** The times of one join in one task, which both of its sides move (Kafka: `TimeTracker`). */
export class JoinClock {
  /** The newest of both sides. */
  streamTime: Timestamp = -1;
  /** No record that waits for a match is older. -Infinity: not known, as after a restart; Infinity: none waits. */
  oldestWaiting: Timestamp = -Infinity;
  /** By the wall clock: no look at what waits before that. */
  nextLookMs: Timestamp = 0;

  advance(timestamp: Timestamp): void {
    if (timestamp > this.streamTime) this.streamTime = timestamp;
  }

  noteWaiting(timestamp: Timestamp): void {
    if (timestamp < this.oldestWaiting) this.oldestWaiting = timestamp;
  }
}
