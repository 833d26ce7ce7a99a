import type { Clock, Timer, Timers } from "../platform.ts";
import { sleepByTimer } from "../sleep-by-timer.ts";
import { EventQueue } from "./event-queue.ts";
import { VirtualTimeError } from "./virtual-time-error.ts";

export interface VirtualTimeOptions {
  /** The wall clock at the start. Default: 2026-01-01 UTC. */
  readonly startWallMs?: number;
  /**
   * Lets all that an event started come to rest before the next event. Default: some laps of microtasks, which
   * carry through a chain of that many awaits; with real I/O about, hand in `drainTurn` of the Node platform.
   */
  readonly drain?: () => Promise<void>;
}

const defaultStartWallMs = 1_767_225_600_000;
const microtaskLaps = 100;
const eventsPerRunMax = 10_000_000;

async function drainMicrotasks(): Promise<void> {
  for (let lap = 0; lap < microtaskLaps; lap++) await undefined;
}

/** A clock that stands still, and timers that fire, only when told: for tests. */
export class VirtualTime implements Clock, Timers {
  readonly #queue = new EventQueue<undefined>();
  readonly #startWallMs: number;
  readonly #drain: () => Promise<void>;
  #nowMs = 0;

  constructor(options: VirtualTimeOptions = {}) {
    this.#startWallMs = options.startWallMs ?? defaultStartWallMs;
    this.#drain = options.drain ?? drainMicrotasks;
  }

  wallMs(): number {
    return Math.floor(this.#startWallMs + this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    if (delayMs === Infinity) return { cancel: () => {} };
    const event = this.#queue.add(this.#nowMs + Math.max(0, delayMs), undefined, callback);
    return { cancel: () => this.#queue.cancel(event) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepByTimer(this, delayMs, signal);
  }

  yield(): Promise<void> {
    return new Promise((resolve) => {
      this.after(0, resolve);
    });
  }

  /** Runs until nothing is left to happen. What repeats itself for ever ends it with `TOO_MANY_EVENTS`. */
  async run(): Promise<void> {
    await this.#drain();
    for (let count = 0; this.#step(Infinity); count++) {
      await this.#drain();
      if (count === eventsPerRunMax) throw tooManyEvents();
    }
  }

  /** Lets time pass, with all that happens in it. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await this.#drain();
    for (let count = 0; this.#step(endMs); count++) {
      await this.#drain();
      if (count === eventsPerRunMax) throw tooManyEvents();
    }
    this.#nowMs = endMs;
  }

  /** Runs until `work` is settled and gives its result; `STALLED` if nothing is left that could settle it. */
  async until<Result>(work: Promise<Result>): Promise<Result> {
    const progress = { isSettled: false };
    const settle = () => {
      progress.isSettled = true;
    };
    work.then(settle, settle);
    await this.#drain();
    for (let count = 0; !progress.isSettled; count++) {
      if (count === eventsPerRunMax) throw tooManyEvents();
      if (!this.#step(Infinity)) {
        throw new VirtualTimeError(
          "STALLED",
          "nothing is left to happen, and what was awaited has not settled; who should settle it?",
        );
      }
      await this.#drain();
    }
    return work;
  }

  #step(endMs: number): boolean {
    const timeMs = this.#queue.nextTimeMs();
    if (timeMs === undefined || timeMs > endMs) return false;
    const taken = this.#queue.take();
    this.#nowMs = timeMs;
    taken?.action();
    return true;
  }
}

function tooManyEvents(): VirtualTimeError {
  return new VirtualTimeError(
    "TOO_MANY_EVENTS",
    `${eventsPerRunMax} events and no end; advance by a duration instead of running until idle`,
  );
}
