import { sleepByTimer, type Clock, type Timer, type Timers } from "@millrace/platform";
import type { Incarnation } from "../world/incarnation.ts";
import type { World, WorldEvent } from "../world/world.ts";

const silentTimer: Timer = { cancel: () => {} };

/** Timers of one life of a process: they go with it. */
export class ProcessTimers implements Timers {
  readonly #world: World;
  readonly #owner: Incarnation;

  constructor(world: World, owner: Incarnation) {
    this.#world = world;
    this.#owner = owner;
  }

  after(delayMs: number, callback: () => void): Timer {
    if (this.#owner.isDead || delayMs === Infinity) return silentTimer;
    return new SimulatedTimer(this.#world, this.#owner, delayMs, callback);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepByTimer(this, delayMs, signal);
  }

  yield(): Promise<void> {
    return new Promise((resolve) => {
      this.after(0, resolve);
    });
  }
}

class SimulatedTimer implements Timer {
  readonly #world: World;
  readonly #event: WorldEvent;
  /** Of its own: a timer that came up during a pause is no longer in the queue. */
  #isCancelled = false;
  readonly #owner: Incarnation;
  #isOver = false;

  constructor(world: World, owner: Incarnation, delayMs: number, callback: () => void) {
    this.#world = world;
    this.#owner = owner;
    owner.timerCount += 1;
    this.#event = world.schedule(delayMs, owner, () => {
      if (this.#isCancelled) return;
      this.#end();
      world.record("timer", owner.process);
      callback();
    });
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#end();
    this.#world.queue.cancel(this.#event);
  }

  #end(): void {
    if (!this.#isOver) this.#owner.timerCount -= 1;
    this.#isOver = true;
  }
}

/** The wall may jump; the monotonic clock is the simulation's, and stops with the process. */
export class ProcessClock implements Clock {
  readonly #world: World;
  readonly #startWallMs: number;
  wallOffsetMs = 0;

  constructor(world: World, startWallMs: number) {
    this.#world = world;
    this.#startWallMs = startWallMs;
  }

  wallMs(): number {
    return Math.floor(this.#startWallMs + this.#world.nowMs + this.wallOffsetMs);
  }

  monotonicMs(): number {
    return this.#world.nowMs;
  }
}
