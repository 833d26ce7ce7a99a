import type { CountChange } from "./watch-counts.ts";

/** What runs, for whoever looks at it. */
export interface Facts {
  readonly bootstrapServers: string;
  readonly topics: readonly string[];
  readonly stateFolder: string;
  readonly textFolder: string;
  readonly linesInAll: number;
  readonly wordsInAll: number;
}

/** Shows the example at work: as lines for programs, or on a terminal. */
export interface View {
  started(facts: Facts): void;
  /** So many lines are written for good. */
  loaded(lines: number): void;
  counted(change: CountChange, table: WordTable): void;
  /** Nothing follows: the whole table. */
  finished(table: WordTable): void;
  /** Leaves what is shown as it is. */
  close(): void;
}

/** Words with their counts, and the sum of those. */
export interface WordTable {
  readonly counts: ReadonlyMap<string, number>;
  readonly wordsCounted: number;
}

export function sortedRows({ counts }: WordTable): readonly (readonly [string, number])[] {
  return [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
}
