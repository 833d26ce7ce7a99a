import { murmur2, type Offset } from "@millrace/model";
import { toLatin1 } from "@millrace/state";

import { QueryError } from "../error/query-error.ts";
import type { AnswerRow, Question } from "./question.ts";
import type { StoreReader } from "./store-reader.ts";

type SnapshotRow = Omit<AnswerRow, "value"> & { readonly value: Uint8Array | null };

/**
 * What a partition holds, read by whoever has it. Where that changes in between it is read again, of a later position: of
 * what was given only what is another now is given again, and null for what is gone. So it knows the keys, while it lasts.
 */
export class SnapshotRows {
  readonly #reader: StoreReader;
  readonly #partition: number;
  readonly #question: Question;
  /** What was given, by its key and window. */
  readonly #given = new Map<string, { readonly row: SnapshotRow; readonly mark: string }>();
  #changelogOffsets: Readonly<Record<number, Offset>> = {};

  constructor(reader: StoreReader, partition: number, question: Question) {
    this.#reader = reader;
    this.#partition = partition;
    this.#question = question;
  }

  /** What all rows that were given are of. */
  get changelogOffsets(): Readonly<Record<number, Offset>> {
    return this.#changelogOffsets;
  }

  /** @throws QueryError */
  async *rows(): AsyncGenerator<SnapshotRow, void, undefined> {
    for (;;) {
      try {
        yield* this.#once();
        return;
      } catch (error) {
        // Whether anybody has the partition was tried for the time that a query is tried.
        if (!(error instanceof QueryError) || error.code !== "QUERY_INTERRUPTED") throw error;
      }
    }
  }

  async *#once(): AsyncGenerator<SnapshotRow, void, undefined> {
    const found = new Set<string>();
    const committed = { isolation: "committed" } as const;
    for await (const page of this.#reader.pages(this.#partition, this.#question, committed)) {
      if (page.head !== undefined) this.#changelogOffsets = page.head.changelogOffsets;
      for (const row of page.rows) {
        const name = nameOf(row);
        const mark = `${row.timestamp} ${row.value.length} ${murmur2(row.value)}`;
        found.add(name);
        if (this.#given.get(name)?.mark === mark) continue;
        this.#given.set(name, { row: { ...row, value: null }, mark });
        yield row;
      }
    }
    for (const [name, { row }] of this.#given)
      if (!found.has(name)) {
        this.#given.delete(name);
        yield row;
      }
  }
}

function nameOf({ key, window }: AnswerRow): string {
  const bytes = toLatin1(key);
  return window === undefined ? bytes : `${window.start} ${window.end} ${bytes}`;
}
