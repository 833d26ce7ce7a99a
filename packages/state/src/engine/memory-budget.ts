import { invariant } from "@millrace/model";

/** The share of one that leaves nothing: a database does with that. */
const leastBytes = 2 * 2 ** 20;
/** Of what is left a database gets at most so much, so that there is something for the ones that come later. */
const partOfRest = 4;

/** What one database may take. */
export interface MemoryShare {
  readonly bytes: number;
  /** True: the budget is used up, it got the least that it needs. */
  readonly isBeyond: boolean;
  /** True: it is the first that finds the budget so, since one had what it may have. */
  readonly isNews: boolean;
  /** Gives it back; twice is fine. */
  release(): void;
}

/**
 * One budget of memory for all databases of a process. The native code shares neither block cache nor memtables between
 * databases, and their sizes are fixed with the opening: so each gets a share of what is left.
 *
 * STATE-20: shares are within the budget together, but for the least that a database needs.
 */
export class MemoryBudget {
  readonly #bytesMax: number;
  #used = 0;
  #isUsedUp = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#used;
  }

  take(wantedBytes: number): MemoryShare {
    const rest = Math.max(0, this.#bytesMax - this.#used);
    const offered = Math.floor(rest / partOfRest);
    const bytes = Math.min(wantedBytes, Math.max(offered, leastBytes));
    this.#used += bytes;
    const isBeyond = bytes > rest;
    const isNews = isBeyond && !this.#isUsedUp;
    this.#isUsedUp = isBeyond;
    let isHeld = true;
    return {
      bytes,
      isBeyond,
      isNews,
      release: () => {
        if (isHeld) this.#used -= bytes;
        isHeld = false;
        invariant(this.#used >= 0, "STATE-20", { used: this.#used });
      },
    };
  }
}
