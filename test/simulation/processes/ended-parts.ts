import { drainTurn } from "@millrace/platform/node";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A collection takes as long as a tenth of a seed. */
const seedsPerLook = 8;

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
    const counts = new Map<string, number>();
    if (!this.#isLooking) return counts;
    for (let look = 0; look < 2; look++) {
      // What a turn has looked at stays until its end.
      await drainTurn();
      collectGarbage();
    }
    for (const { name, part } of this.#parts)
      if (part.deref() !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)(); // there since the flag is set
}
