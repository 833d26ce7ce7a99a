/** Lines of a table with aligned columns; numbers to the right. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column]).length)),
  );
  return [head, ...rows].map((row) => lineOf(row, widths));
}

/** A table whose rows come one after the other, however many: a column is as wide as its widest cell so far. */
export class GrowingTable {
  readonly head: string;
  readonly #widths: number[];

  /** `widthsMin` is what cells usually need, so that columns seldom grow. */
  constructor(head: readonly string[], widthsMin: readonly number[]) {
    this.#widths = head.map((title, column) => Math.max(title.length, widthsMin[column]));
    this.head = lineOf(head, this.#widths);
  }

  line(row: readonly (string | number)[]): string {
    for (const [column, cell] of row.entries())
      this.#widths[column] = Math.max(this.#widths[column], String(cell).length);
    return lineOf(row, this.#widths);
  }
}

function lineOf(row: readonly (string | number)[], widths: readonly number[]): string {
  return row
    .map((cell, column) =>
      typeof cell === "number"
        ? String(cell).padStart(widths[column])
        : cell.padEnd(widths[column]),
    )
    .join("  ")
    .trimEnd();
}
