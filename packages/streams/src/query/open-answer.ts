import type { Offset } from "@millrace/model";
import { StateError } from "@millrace/state";

import { QueryError } from "../error/query-error.ts";
import type { Position } from "./position.ts";
import type { AnswerRow } from "./question.ts";

/** A page is sent once it has so much. */
const pageRowsMax = 500;
const pageBytesMax = 128 * 1024;

/** What stands before the rows of an answer. */
export interface AnswerHead {
  readonly isStandby: boolean;
  readonly position: Position;
  /** By partition of the changelog: all changes below are in the answer, where that is of what is committed. */
  readonly changelogOffsets: Readonly<Record<number, Offset>>;
}

/** Of which partition of which store it is. */
interface AskedPartition {
  readonly store: string;
  readonly partition: number;
}

/** One answer of a store as it is read: all rows are of one position. */
export class OpenAnswer implements Disposable {
  readonly head: AnswerHead;
  readonly #asked: AskedPartition;
  readonly #rows: Iterator<AnswerRow>;

  constructor(asked: AskedPartition, head: AnswerHead, rows: Iterable<AnswerRow>) {
    this.#asked = asked;
    this.head = head;
    this.#rows = rows[Symbol.iterator]();
  }

  /**
   * Adds the rows of the next page to some.
   *
   * @returns whether it was the last one
   * @throws QueryError
   */
  readPage(into: AnswerRow[]): boolean {
    let bytes = 0;
    try {
      for (let count = 0; count < pageRowsMax && bytes < pageBytesMax; count++) {
        const next = this.#rows.next();
        if (next.done === true) return true;
        into.push(next.value);
        bytes += next.value.key.length + next.value.value.length;
      }
    } catch (error) {
      throw queryFailure(error, this.#asked);
    }
    return false;
  }

  [Symbol.dispose](): void {
    this.#rows.return?.();
  }
}

/** What whoever asked is told of what a store has thrown. */
export function queryFailure(error: unknown, { store, partition }: AskedPartition): unknown {
  if (!(error instanceof StateError)) return error;
  switch (error.code) {
    case "STORE_CLOSED":
      return new QueryError(
        "NOT_ACTIVE",
        `partition ${partition} of store ${store} was closed, its task may be moving; ask again`,
        error,
      );
    case "CURSOR_ENDED":
      return new QueryError("QUERY_INTERRUPTED", error.message, error);
    case "STORE_NOT_QUERYABLE":
      return new QueryError("WRONG_QUERY", error.message, error);
    default:
      return new QueryError(
        "STORE_FAILED",
        `partition ${partition} of store ${store} could not be read: ${error.message}`,
        error,
      );
  }
}
