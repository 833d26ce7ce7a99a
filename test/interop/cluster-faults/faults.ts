import { setTimeout as sleep } from "node:timers/promises";

/** What may be away for a while. */
export interface Victim {
  readonly name: string;
  /** Of these only one at a time is away: the others of a cluster are a majority then. */
  readonly isBroker: boolean;
  kill(): Promise<void>;
  revive(): Promise<void>;
  /** Where it can be stopped, to go on as if nothing had been. */
  readonly pause?: (() => void) | undefined;
  readonly resume?: () => void;
}

const betweenMs = [1500, 7000] as const;
const brokerAwayMs = [1000, 20_000] as const;
const instanceAwayMs = [0, 10_000] as const;
/** Longer than a session, and shorter. */
const pausedMs = [500, 9000] as const;
const pauseChance = 0.25;

/** Kills, stops and revives at random, so that all stand again in the end. */
export class Faults {
  readonly #victims: readonly Victim[];
  readonly #random: () => number;
  readonly #away = new Set<Victim>();

  constructor(victims: readonly Victim[], random: () => number) {
    this.#victims = victims;
    this.#random = random;
  }

  /**
   * @param longAwayMs so long a broker is away from the beginning, if at all
   * @returns what was done, in words
   */
  async round(durationMs: number, longAwayMs: number | undefined): Promise<readonly string[]> {
    const endMs = performance.now() + durationMs;
    const told: string[] = [];
    const under: Promise<void>[] = [];
    if (longAwayMs !== undefined) {
      const broker = this.#pick(this.#victims.filter(({ isBroker }) => isBroker));
      under.push(this.#kill(broker, longAwayMs, told));
    }
    while (performance.now() < endMs) {
      await sleep(this.#within(betweenMs));
      const isBrokerAway = [...this.#away].some(({ isBroker }) => isBroker);
      const standing = this.#victims.filter(
        (one) => !this.#away.has(one) && !(one.isBroker && isBrokerAway),
      );
      if (standing.length > 0) under.push(this.#strike(this.#pick(standing), told));
    }
    await Promise.all(under);
    return told;
  }

  #strike(victim: Victim, told: string[]): Promise<void> {
    const isPaused = victim.pause !== undefined && this.#random() < pauseChance;
    if (isPaused) return this.#pause(victim, this.#within(pausedMs), told);
    return this.#kill(victim, this.#within(victim.isBroker ? brokerAwayMs : instanceAwayMs), told);
  }

  async #kill(victim: Victim, awayMs: number, told: string[]): Promise<void> {
    told.push(`${victim.name} -9 for ${seconds(awayMs)}`);
    this.#away.add(victim);
    await victim.kill();
    await sleep(awayMs);
    await victim.revive();
    this.#away.delete(victim);
  }

  async #pause(victim: Victim, awayMs: number, told: string[]): Promise<void> {
    told.push(`${victim.name} stops for ${seconds(awayMs)}`);
    this.#away.add(victim);
    victim.pause?.();
    await sleep(awayMs);
    victim.resume?.();
    this.#away.delete(victim);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)];
  }

  #within([least, most]: readonly [number, number]): number {
    return least + this.#random() * (most - least);
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
