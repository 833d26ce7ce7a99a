import { QueryError } from "../error/query-error.ts";
import type { AnswerPage } from "./local-answers.ts";
import type { Position } from "./position.ts";
import type { AnswerRow, Question } from "./question.ts";
import { patiently } from "./store-codec.ts";
import type { StoreReader } from "./store-reader.ts";

/** What one partition answered, or why it did not (Kafka: `QueryResult`). */
export type PartitionResult<Row> =
  | {
      readonly partition: number;
      readonly isFailure: false;
      readonly rows: readonly Row[];
      readonly position: Position;
      readonly isStandby: boolean;
    }
  | { readonly partition: number; readonly isFailure: true; readonly error: QueryError };

interface RowsParts<Row> {
  readonly reader: StoreReader;
  /** Undefined: those of the settings. */
  readonly partition: (() => Promise<number>) | undefined;
  readonly question: () => Promise<Question>;
  readonly decode: (row: AnswerRow) => Row;
}

/**
 * Rows that a store answers with, partition by partition; in each they are of one position, in the order of the store.
 * Nothing is asked before somebody looks, and each look asks anew.
 *
 * @example
 * for await (const { key, value } of app.store(counts).all()) console.log(key, value);
 * const rows = await app.store(counts).range("a", "f").toArray();
 */
export class Rows<Row> implements AsyncIterable<Row> {
  readonly #parts: RowsParts<Row>;

  constructor(parts: RowsParts<Row>) {
    this.#parts = parts;
  }

  /**
   * Reads as rows are taken. What moves a partition away while its rows are being read ends it with `QUERY_INTERRUPTED`:
   * what was given is of one position, what would follow of another one. `toArray` begins such a partition anew.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    const { reader, question } = this.#parts;
    const asked = await question();
    for (const partition of await this.#partitions())
      for await (const page of reader.pages(partition, asked)) yield* await this.#decoded(page);
  }

  /** All rows. @throws QueryError */
  async toArray(): Promise<readonly Row[]> {
    const { reader, question } = this.#parts;
    const asked = await question();
    const rows: Row[] = [];
    for (const partition of await this.#partitions())
      for (const row of await this.#decoded(await reader.whole(partition, asked))) rows.push(row);
    return rows;
  }

  /** What each partition answers, with how far it has come; a partition that fails does not keep the others from answering. */
  async results(): Promise<readonly PartitionResult<Row>[]> {
    const { reader, question } = this.#parts;
    const asked = await question();
    const partitions = await this.#partitions();
    return Promise.all(
      partitions.map(async (partition): Promise<PartitionResult<Row>> => {
        try {
          const answer = await reader.whole(partition, asked);
          const { position, isStandby } = answer.head;
          const rows = await this.#decoded(answer);
          return { partition, isFailure: false, rows, position, isStandby };
        } catch (error) {
          if (!(error instanceof QueryError)) throw error;
          return { partition, isFailure: true, error };
        }
      }),
    );
  }

  async #partitions(): Promise<readonly number[]> {
    const { reader, partition } = this.#parts;
    return partition === undefined ? reader.partitions() : [await partition()];
  }

  /** Gives way where that takes long. */
  async #decoded({ rows }: Pick<AnswerPage, "rows">): Promise<Row[]> {
    const { reader, decode } = this.#parts;
    const { turns } = reader;
    const decoded: Row[] = [];
    const decodeSome = (): void => {
      do decoded.push(decode(rows[decoded.length]));
      while (decoded.length < rows.length && !turns.isOver);
    };
    while (decoded.length < rows.length) {
      const turn = turns.next();
      if (turn !== undefined) await turn;
      reader.requireGoing();
      await patiently(decodeSome);
    }
    return decoded;
  }
}
