import type { CacheBudget } from "../contract/cache-budget.ts";
import type { EngineEntry } from "../contract/store-engine.ts";

/** For so many commits writes stay in memory. */
const commitsMax = 16;

/** The writes of one commit. */
export interface WritesOfCommit {
  readonly sizeBytes: number;
  get(key: Uint8Array): EngineEntry | undefined;
}

interface Kept {
  readonly writes: WritesOfCommit;
  /** Counted in commits. */
  readonly until: number;
}

/**
 * What the last commits have written to one store, which the engine has too: a row that is asked for some commits later,
 * as by the answer to a foreign-key join, costs a look in memory. Nothing is kept of what nobody asks for.
 */
export class CommittedWrites {
  readonly #budget: CacheBudget;
  /** The oldest first. */
  #kept: Kept[] = [];
  #commitCount = 0;
  #isRead = false;

  constructor(budget: CacheBudget) {
    this.#budget = budget;
  }

  /** What was written last under a key, as far as it is kept: views. */
  get(key: Uint8Array): EngineEntry | undefined {
    this.#isRead = true;
    for (let index = this.#kept.length - 1; index >= 0; index--) {
      const found = this.#kept[index].writes.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** They are in the engine. @param writes undefined: there were none */
  add(writes: WritesOfCommit | undefined): void {
    this.#commitCount += 1;
    while (this.#kept.length > 0 && this.#kept[0].until <= this.#commitCount) this.#letGo();
    if (writes === undefined) return;
    const budget = this.#budget;
    const roomBytes = this.#isRead ? budget.committedBytesMax - writes.sizeBytes : -Infinity;
    // A newer write must never be missing over an older one that is kept.
    while (this.#kept.length > 0 && budget.committedBytes > roomBytes) this.#letGo();
    if (budget.committedBytes > roomBytes) return;
    budget.committedBytes += writes.sizeBytes;
    this.#kept.push({ writes, until: this.#commitCount + commitsMax });
    this.#isRead = false;
  }

  clear(): void {
    while (this.#kept.length > 0) this.#letGo();
  }

  #letGo(): void {
    const oldest = this.#kept.shift();
    if (oldest !== undefined) this.#budget.committedBytes -= oldest.writes.sizeBytes;
  }
}
