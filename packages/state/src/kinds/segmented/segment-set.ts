/** The segments that may hold rows, in order: few, and nearly always the last one is meant. */
export class SegmentSet {
  #ids: number[] = [];

  get first(): number | undefined {
    return this.#ids[0];
  }

  /** @returns whether it was not there */
  add(id: number): boolean {
    const ids = this.#ids;
    let at = ids.length;
    while (at > 0 && ids[at - 1] > id) at--;
    if (at > 0 && ids[at - 1] === id) return false;
    ids.splice(at, 0, id);
    return true;
  }

  /** Those between two, both inclusive; good until the next change. */
  between(from: number, to: number): readonly number[] {
    const ids = this.#ids;
    if (ids.length === 0 || (ids[0] >= from && ids[ids.length - 1] <= to)) return ids;
    return ids.filter((id) => id >= from && id <= to);
  }

  /** Keeps those for which `isKept` says so. */
  retain(isKept: (id: number) => boolean): void {
    this.#ids = this.#ids.filter(isKept);
  }

  clear(): void {
    this.#ids = [];
  }
}
