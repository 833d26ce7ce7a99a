import type { Timestamp } from "@millrace/model";

/** Told of the cursors of a store: how many are open, and since when. Of its cache, too. */
export interface CursorWatch {
  watchHits(hitRatio: () => number): void;
  /** Of those that look at the same thing. */
  add(source: OpenedCursors): void;
  /** The time, for a cursor that is opened. */
  now(): Timestamp;
  /** A cursor is closed that was opened then. */
  closed(openedMs: Timestamp): void;
}

export interface OpenedCursors {
  readonly openCount: number;
  /** When the oldest that is open was opened; undefined: none is open. */
  readonly oldestMs: Timestamp | undefined;
}
