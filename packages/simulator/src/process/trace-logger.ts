import type { LogFields, Logger, LogLevel } from "@millrace/platform";
import type { Incarnation } from "../world/incarnation.ts";
import type { World } from "../world/world.ts";

export interface SimulatedLogEntry {
  readonly timeMs: number;
  readonly process: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields | undefined;
}

/** Receives what the processes log. */
export type SimulatedLog = (entry: SimulatedLogEntry) => void;

/** Each event's name goes into the trace; the whole of it to whoever asked. */
export class TraceLogger implements Logger {
  readonly #world: World;
  readonly #owner: Incarnation;
  readonly #log: SimulatedLog | undefined;

  constructor(world: World, owner: Incarnation, log: SimulatedLog | undefined) {
    this.#world = world;
    this.#owner = owner;
    this.#log = log;
  }

  isEnabled(level: LogLevel): boolean {
    return !this.#owner.isDead && (level !== "debug" || this.#log !== undefined);
  }

  log(level: LogLevel, event: string, fields?: LogFields): void {
    if (this.#owner.isDead) return;
    const { process } = this.#owner;
    // Debug events are left out: whether somebody listens must not change the hash.
    if (level !== "debug") this.#world.record("log", process, event);
    this.#log?.({ timeMs: this.#world.nowMs, process, level, event, fields });
  }
}
