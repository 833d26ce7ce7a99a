import { SeededRandom } from "@millrace/platform";
import { EventQueue, type ScheduledEvent } from "@millrace/platform/memory";
import {
  defaultTimes,
  type FaultKind,
  type FaultProbabilities,
  type MsRange,
  type SimulatedTimes,
} from "./fault-plan.ts";
import type { Incarnation } from "./incarnation.ts";
import { Trace } from "./trace.ts";

/** Whose event it is: a process's, or the world's own, which starts no code of any process. */
export type EventOwner = Incarnation | "world" | "background";

export type WorldEvent = ScheduledEvent<EventOwner>;

/** Even "at once" takes some time, or a loop that only yields would stop the clock. */
const turnMs = 0.005;

/** What all parts of a simulation share: time, chance, the events to come, the record of what was. */
export class World {
  readonly queue = new EventQueue<EventOwner>();
  readonly trace: Trace;
  readonly times: SimulatedTimes;
  /** Fired so far, by kind. */
  readonly faultCounts = new Map<FaultKind, number>();
  /** The lives that faults have struck, by process. */
  readonly struckLives = new Map<string, Set<Incarnation>>();
  readonly networkRandom: SeededRandom;
  readonly diskRandom: SeededRandom;
  readonly planRandom: SeededRandom;
  readonly processRandom: SeededRandom;
  readonly #tieRandom: SeededRandom;
  probabilities: FaultProbabilities;
  nowMs = 0;
  /** Events of kind `background` that wait: they keep nothing going. */
  backgroundCount = 0;

  constructor(
    seed: number,
    probabilities: FaultProbabilities,
    times: Partial<SimulatedTimes>,
    traceLinesMax?: number,
  ) {
    const root = new SeededRandom(seed);
    this.networkRandom = root.fork();
    this.diskRandom = root.fork();
    this.planRandom = root.fork();
    this.processRandom = root.fork();
    this.#tieRandom = root.fork();
    this.probabilities = probabilities;
    this.times = { ...defaultTimes, ...times };
    this.trace = new Trace(traceLinesMax);
    this.trace.record(0, "seed", "world", String(seed));
  }

  schedule(delayMs: number, owner: EventOwner, action: () => void): WorldEvent {
    if (owner === "background") this.backgroundCount++;
    const timeMs = this.nowMs + Math.max(delayMs, turnMs);
    return this.queue.add(timeMs, owner, action, this.#tieRandom.nextUint32());
  }

  /** Throws the dice for one opportunity, and counts the fault if it fires. */
  strikes(kind: FaultKind, random: SeededRandom, victim: Incarnation, folder?: string): boolean {
    if (!this.isDrawn(kind, random, victim)) return false;
    this.countFault(kind, victim, folder);
    return true;
  }

  /** The same, for whoever counts it by itself if it has an effect. */
  isDrawn(kind: FaultKind, random: SeededRandom, victim: Incarnation): boolean {
    const probability = this.probabilities[kind];
    if (probability === undefined || !random.chance(probability)) return false;
    return !victim.isImmuneTo(kind);
  }

  countFault(kind: FaultKind, victim: Incarnation, folder?: string): void {
    const { process, struck } = victim;
    this.faultCounts.set(kind, (this.faultCounts.get(kind) ?? 0) + 1);
    if (!struck.some((known) => known.kind === kind && known.folder === folder))
      struck.push({ kind, folder, atMs: this.nowMs });
    const lives = this.struckLives.get(process) ?? new Set();
    this.struckLives.set(process, lives.add(victim));
    this.trace.record(this.nowMs, "fault", process, kind);
  }

  record(kind: string, process: string, detail?: string): void {
    this.trace.record(this.nowMs, kind, process, detail);
  }

  recordBytes(kind: string, process: string, bytes: Uint8Array): void {
    this.trace.recordBytes(this.nowMs, kind, process, bytes);
  }
}

export function within(range: MsRange, random: SeededRandom): number {
  return range[0] + (range[1] - range[0]) * random.fraction();
}
