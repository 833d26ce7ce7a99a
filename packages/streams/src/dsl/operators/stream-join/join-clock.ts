import type { Timestamp } from "@millrace/model";

import { EmitTurns } from "../../emit-turns.ts";

/** The times of one join in one task, which both of its sides move (Kafka: `TimeTracker`). */
export class JoinClock {
  /** The newest of both sides. */
  streamTime: Timestamp = -1;
  /** Of the records that wait for a match, as far as that is known; Infinity: none waits, once that was looked at. */
  oldestWaiting: Timestamp = Infinity;
  /** False: some may be waiting since before a restart. */
  hasLooked = false;
  readonly looks: EmitTurns;

  /** @param lookIntervalMs between two looks at what waits, by the wall clock */
  constructor(lookIntervalMs: number) {
    this.looks = new EmitTurns(lookIntervalMs);
  }

  advance(timestamp: Timestamp): void {
    if (timestamp > this.streamTime) this.streamTime = timestamp;
  }

  /** False: nothing that waits for at most so long can be due. */
  mayHaveDue(waitMs: number): boolean {
    if (this.oldestWaiting === Infinity) return !this.hasLooked;
    return this.oldestWaiting + waitMs < this.streamTime;
  }

  noteWaiting(timestamp: Timestamp): void {
    if (timestamp < this.oldestWaiting) this.oldestWaiting = timestamp;
  }
}
