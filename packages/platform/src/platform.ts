import type { FileSystem } from "./file-system.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { Network } from "./network.ts";

/** The world, as ports. Core code touches it through this alone; the simulator is a second one. */
export interface Platform {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly fileSystem: FileSystem;
  readonly network: Network;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /**
   * Told that a crash step ("C1" to "C21") is reached, so that a simulation can count it, and kill there.
   * Undefined in production: `platform.probe?.("C2")` costs one branch.
   */
  readonly probe?: (step: string) => void;
}

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC: for record timestamps only, since it may jump. */
  wallMs(): number;
  /** Milliseconds since some start, never going back: for every timeout and every measurement. */
  monotonicMs(): number;
}

export interface Timers {
  /** Calls back once, after at least `delayMs` (any size; 0 means the next turn). */
  after(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason once it aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Lets sockets, timers and other work have a turn (Node: `setImmediate`). */
  yield(): Promise<void>;
}

export interface Timer {
  /** Calling twice, or after it fired, is fine. */
  cancel(): void;
}

export interface Random {
  /** Uniform in [0, 2^32). */
  nextUint32(): number;
  /** Uniform in [0, bound), bound at most 2^32. */
  below(bound: number): number;
  fill(bytes: Uint8Array): Uint8Array;
  /** A version 4 UUID in its text form. */
  uuid(): string;
}
