import type { FaultKind } from "./fault-plan.ts";
import { ProcessKilledError } from "./process-killed-error.ts";

/** A fault, and what it struck. */
export interface StruckFault {
  readonly kind: FaultKind;
  /** The folder of the file that was written, read or synced; absent: it was no file. */
  readonly folder?: string | undefined;
  readonly atMs: number;
}

/** One life of a process. What belongs to it goes with it. */
export class Incarnation {
  readonly process: string;
  readonly host: string;
  /** Events that came up during a pause, in order. */
  readonly parked: (() => void)[] = [];
  readonly #isImmune: (kind: string) => boolean;
  /** Files that it has open. */
  openFileCount = 0;
  /** Timers of its that are neither over nor cancelled. */
  timerCount = 0;
  /** Faults that struck it. */
  readonly struck: StruckFault[] = [];
  isDead = false;
  diedMs = Infinity;
  isPaused = false;

  constructor(process: string, host: string, isImmune: (kind: string) => boolean) {
    this.process = process;
    this.host = host;
    this.#isImmune = isImmune;
  }

  isImmuneTo(kind: string): boolean {
    return this.#isImmune(kind);
  }

  checkAlive(): void {
    if (this.isDead) throw new ProcessKilledError(this.process);
  }
}
