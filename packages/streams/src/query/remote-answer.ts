import { compareBytes, messageOf } from "@millrace/model";

import { QueryError } from "../error/query-error.ts";
import type { AnswerPage, PartitionRequest } from "./local-answers.ts";
import type { AnswerRow, Question } from "./question.ts";
import { decodePage } from "./query-wire.ts";
import type { QueryableStore } from "./queryable-stores.ts";
import { requirePosition } from "./required-position.ts";

/**
 * Reads the lines of another instance's answer. What it tells is looked at: an address may lead to something else, and
 * a proxy may cut what it does not understand.
 */
export class RemoteAnswer {
  readonly #address: string;
  readonly #store: QueryableStore;
  readonly #request: PartitionRequest;
  #hasHead = false;
  #hasEnded = false;

  constructor(address: string, store: QueryableStore, request: PartitionRequest) {
    this.#address = address;
    this.#store = store;
    this.#request = request;
  }

  /** @throws QueryError what the line tells, or `INSTANCE_UNREACHABLE`: it is none */
  read(line: string): AnswerPage {
    try {
      const { isLast, ...page } = decodePage(line, this.#request);
      if (this.#hasEnded) throw new TypeError("it goes on behind its end");
      this.#check(page);
      this.#hasEnded = isLast;
      return page;
    } catch (error) {
      if (error instanceof QueryError) throw error;
      const reason = messageOf(error);
      throw new QueryError(
        "INSTANCE_UNREACHABLE",
        `the answer of ${this.#address} cannot be read: ${reason}; is that an instance of this application, of the same version?`,
        error,
      );
    }
  }

  /** @throws QueryError `INSTANCE_UNREACHABLE`: it was not whole */
  end(): void {
    if (this.#hasEnded) return;
    throw new QueryError(
      "INSTANCE_UNREACHABLE",
      `${this.#address} ended its answer before ${this.#hasHead ? "it was whole" : "it began"}`,
    );
  }

  #check({ head, rows }: AnswerPage): void {
    if ((head === undefined) !== this.#hasHead) throw new TypeError("it begins in the middle");
    const { allowsStandby, question } = this.#request;
    if (head !== undefined) {
      if (head.isStandby && !allowsStandby) throw new TypeError("it is of a copy");
      requirePosition(this.#store, this.#request, head.position);
      this.#hasHead = true;
    }
    for (const row of rows)
      if (!isAskedFor(question, row)) throw new TypeError("a row of it was not asked for");
  }
}

function isAskedFor(question: Question, { key, window }: AnswerRow): boolean {
  switch (question.kind) {
    case "count":
      return true;
    case "range":
    case "windows":
    case "sessions": {
      if (window === undefined && question.kind !== "range") return false;
      const { from, to } = question;
      if (from !== null && compareBytes(key, from) < 0) return false;
      // Exclusive of keys alone.
      return to === null || compareBytes(key, to) < (question.kind === "range" ? 0 : 1);
    }
    case "get":
    case "window":
    case "session":
    case "version":
    case "history":
      return compareBytes(key, question.key) === 0;
  }
}
