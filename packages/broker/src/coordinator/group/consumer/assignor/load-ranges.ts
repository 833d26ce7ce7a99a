/**
 * The subscribers of a topic by load: those with the least take partitions, those with the most give
 * them. Both ranges grow towards each other as loads become equal.
 *
 *     load  │ [low ─▶          ◀─ high]
 *           │  ▁ ▁ ▂ ▂ ▃ ▄ ▅ ▆ ▆ ▇ ▇
 *           └─────────────────────────── members
 */
export class LoadRanges {
  readonly #members: number[];
  readonly #loads: readonly number[];
  #lowEnd = 0;
  #lowLoad: number;
  #lowNext = 0;
  #highStart: number;
  #highEnd: number;
  #highLoad: number;
  #highNext: number;

  /** `loads` by member; they change while partitions move. */
  constructor(members: readonly number[], loads: readonly number[]) {
    const sorted = members.toSorted((left, right) => loads[left] - loads[right] || left - right);
    this.#members = sorted;
    this.#loads = loads;
    this.#lowLoad = loads[sorted[0]] - 1;
    this.#highStart = sorted.length;
    this.#highEnd = sorted.length;
    this.#highLoad = loads[sorted[sorted.length - 1]] + 1;
    this.#highNext = sorted.length - 1;
  }

  /** The loads of both ends differ by one at most. */
  get isBalanced(): boolean {
    return this.#highLoad - this.#lowLoad <= 1;
  }

  /** A member with the least load; each of them in turn. */
  nextLowest(): number {
    if (this.#lowNext >= this.#lowEnd) {
      this.#lowLoad++;
      while (this.#lowEnd < this.#members.length && this.#loadAt(this.#lowEnd) === this.#lowLoad)
        this.#lowEnd++;
      this.#lowNext = 0;
    }
    return this.#members[this.#lowNext++];
  }

  /** A member with the most load; undefined: none is left that can give. */
  nextHighest(): number | undefined {
    if (this.#highNext < this.#highStart) {
      const isEmpty = this.#highEnd <= this.#highStart && this.#highStart > 0;
      this.#highLoad = isEmpty ? this.#loadAt(this.#highStart - 1) : this.#highLoad - 1;
      while (this.#highStart > 0 && this.#loadAt(this.#highStart - 1) === this.#highLoad)
        this.#highStart--;
      this.#highNext = this.#highEnd - 1;
    }
    return this.#highNext < 0 ? undefined : this.#members[this.#highNext--];
  }

  /** The member that was given last has nothing of this topic: it leaves the range. */
  excludeHighest(): void {
    const [index, last] = [this.#highNext + 1, this.#highEnd - 1];
    const excluded = this.#members[index];
    this.#members[index] = this.#members[last];
    this.#members[last] = excluded;
    this.#highEnd--;
  }

  #loadAt(index: number): number {
    return this.#loads[this.#members[index]];
  }
}
