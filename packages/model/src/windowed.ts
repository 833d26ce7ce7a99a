import type { Timestamp } from "./topic-partition.ts";

/**
 * A stretch of time (Kafka: `Window`). `start` belongs to it; whether `end` does is a matter of the kind of window: to
 * sessions and sliding windows it does, to others it does not.
 */
export interface Window {
  readonly start: Timestamp;
  readonly end: Timestamp;
}

/** A key in a window (Kafka: `Windowed`). */
export interface Windowed<K> {
  readonly key: K;
  readonly window: Window;
}
