import { setTimeout as sleep } from "node:timers/promises";

import { forceCollection, provokeCollection } from "./collect-garbage.ts";

/** A collection takes as long as a fifth of a seed. */
const seedsPerLook = 8;

/** What a compilation beside works on is held until its end, and a turn holds what it looked at: a leak stays. */
const looksMax = 5;

/** What has ended, and should be in nobody's memory any more. */
export class EndedParts {
  readonly #isLooking: boolean;
  readonly #parts: { readonly name: string; readonly part: WeakRef<object> }[] = [];

  constructor(seed: number) {
    this.#isLooking = seed % seedsPerLook === 0;
  }

  /** It has been closed, and whoever calls lets go of it. */
  note(name: string, part: object): void {
    if (this.#isLooking) this.#parts.push({ name, part: new WeakRef(part) });
  }

  /** How many of each are still held, by name. */
  async held(): Promise<ReadonlyMap<string, number>> {
    let counts = new Map<string, number>();
    for (let look = 1; this.#isLooking && look <= looksMax; look++) {
      await sleep(2 ** look);
      // Force has the last word: what it leaves is held.
      if (look === 1) await provokeCollection();
      else forceCollection();
      counts = this.#count();
      if (counts.size === 0) break;
    }
    return counts;
  }

  #count(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { name, part } of this.#parts)
      if (part.deref() !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }
}
