import type { Offset } from "@millrace/model";

/** Offsets above which committed records are not shown yet. */
export class StableOffsetHolds {
  readonly #holds = new Set<{ readonly offset: Offset }>();
  #lowest = Infinity;

  /** Infinity: nothing is held. */
  get lowest(): Offset {
    return this.#lowest;
  }

  /** The function ends the hold. Calling it twice is fine. */
  add(offset: Offset): () => void {
    const hold = { offset };
    this.#holds.add(hold);
    this.#lowest = Math.min(this.#lowest, offset);
    return () => {
      if (!this.#holds.delete(hold)) return;
      this.#lowest = Infinity;
      for (const other of this.#holds) this.#lowest = Math.min(this.#lowest, other.offset);
    };
  }
}
