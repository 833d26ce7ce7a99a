import type { Timers } from "@millrace/platform";
import { Slots } from "./slots.ts";

/** Logs that are synced at once: more would not be faster, and each has some files open. */
const syncsAtOnceMax = 8;

/**
 * When an append counts as done: what producers are told, and consumers see.
 *
 * - `memory`: at once; nothing is ever synced.
 * - `os`: at once, the page cache being trusted, as Kafka does; synced when segments are closed.
 * - `group`: once synced; all appends of a turn of the event loop, and of a sync in progress, share the next sync.
 * - `strict`: once synced, and the sync begins at once.
 */
export type DurabilityLevel = "memory" | "os" | "group" | "strict";

export const durabilityLevels: readonly DurabilityLevel[] = ["memory", "os", "group", "strict"];

const syncsOf = {
  memory: "never",
  os: "perSegment",
  group: "perTurn",
  strict: "perAppend",
} as const satisfies Record<DurabilityLevel, string>;

/** One for all partitions of a broker. */
export class Durability {
  readonly syncs: "never" | "perSegment" | "perTurn" | "perAppend";
  readonly #timers: Timers;
  readonly #onFailed: (failure: Error) => void;
  readonly #slots = new Slots(syncsAtOnceMax);
  #turn: Promise<void> | undefined;

  constructor(level: DurabilityLevel, timers: Timers, onFailed: (failure: Error) => void) {
    this.syncs = syncsOf[level];
    this.#timers = timers;
    this.#onFailed = onFailed;
  }

  /** Resolves once all that arrived together has been handled; shared by all partitions. */
  turn(): Promise<void> {
    this.#turn ??= this.#timers.yield().then(() => {
      this.#turn = undefined;
    });
    return this.#turn;
  }

  sync(log: { sync(): Promise<void> }): Promise<void> {
    return this.#slots.run(() => log.sync());
  }

  /** A sync failed: what the device holds is unknown, for the whole directory. */
  failed(failure: Error): void {
    this.#onFailed(failure);
  }
}
