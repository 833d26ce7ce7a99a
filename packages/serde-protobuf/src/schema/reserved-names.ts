import type { RangesDeclaration } from "./proto-file.ts";

/** What fields or constants must not be called, or numbered: looked up, since there may be tens of thousands. */
export class ReservedNames {
  readonly #names: ReadonlySet<string>;
  /** By their starts; each with the furthest end up to here, since they may overlap. */
  readonly #ranges: readonly { readonly start: number; readonly endMax: number }[];

  constructor(declared: readonly RangesDeclaration[]) {
    const values = declared.flatMap((one) => one.values);
    this.#names = new Set(values.filter((value) => typeof value === "string"));
    let endMax = -Infinity;
    this.#ranges = values
      .filter((value) => typeof value !== "string")
      .sort((left, right) => left.start - right.start)
      .map(({ start, end }) => ({ start, endMax: (endMax = Math.max(endMax, end)) }));
  }

  has({ name, number }: { readonly name: string; readonly number: number }): boolean {
    if (this.#names.has(name)) return true;
    let from = 0;
    let to = this.#ranges.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#ranges[middle].start <= number) from = middle + 1;
      else to = middle;
    }
    return from > 0 && this.#ranges[from - 1].endMax >= number;
  }
}
