import type { Platform, Random } from "@millrace/platform";

import type { RunHistory } from "./run-history.ts";

/**
 * What a topology under simulation has around it in place of the real world: its function is called anew at each start of
 * an instance, as a new process would. Whatever it keeps lives as long as that instance.
 */
export class SimulatedWorld {
  /** Whose topology it is: `app-1`, `app-2`, … */
  readonly instance: string;
  /** Chance that the seed gives. */
  readonly random: Random;
  readonly #platform: Platform;
  readonly #history: RunHistory;

  constructor(instance: string, platform: Platform, history: RunHistory) {
    this.instance = instance;
    this.random = platform.random;
    this.#platform = platform;
    this.#history = history;
  }

  /** The wall clock of the instance, in ms; it may jump. */
  now(): number {
    return this.#platform.clock.wallMs();
  }

  /** Lets virtual time pass: a call of a service that takes its time. Real timers would stop the simulation. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return this.#platform.timers.sleep(durationMs, signal);
  }

  /** Something that the application did to the world outside of the cluster, which no crash takes back: see `run.effects`. */
  effect(name: string, value: unknown): void {
    this.#history.effect(name, value);
  }
}
