import type { Offset } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { StateError, type QueryIsolation, type TaskStores } from "@millrace/state";

import { QueryError } from "../error/query-error.ts";
import { AnsweringTurns } from "./answering-turns.ts";
import type { Position } from "./position.ts";
import { answerRows, type AnswerRow, type Question } from "./question.ts";
import type { QueryableStore, QueryableStores } from "./queryable-stores.ts";
import { requirePosition } from "./required-position.ts";

/** A page is sent once it has so much. */
const pageRowsMax = 500;
const pageBytesMax = 128 * 1024;

/** One partition of a store is asked something. */
export interface PartitionRequest {
  readonly store: string;
  /** 0 of a global store. */
  readonly partition: number;
  readonly question: Question;
  /** Undefined: as the application that answers does by itself. */
  readonly isolation: QueryIsolation | undefined;
  /** True: a copy that follows may answer. */
  readonly allowsStandby: boolean;
  readonly positionAtLeast: Position;
  /** Of a copy: how many changes of the changelog it may lack. */
  readonly lagMax: number;
}

/** What stands before the rows of an answer. */
export interface AnswerHead {
  readonly isStandby: boolean;
  readonly position: Position;
  /** By partition of the changelog: all changes below are in the answer, where that is of what is committed. */
  readonly changelogOffsets: Readonly<Record<number, Offset>>;
}

/** Rows of one position. The first page has the head. */
export interface AnswerPage {
  readonly head: AnswerHead | undefined;
  readonly rows: readonly AnswerRow[];
}

/** What a task is here: one that is being restored is to become active. */
export type LocalRole = "active" | "restoring" | "standby";

/** The stores of one task, or the global ones, as queries find them. */
export interface QueryableTask {
  /** Undefined: the global stores. */
  readonly taskId: { readonly subtopology: number; readonly partition: number } | undefined;
  readonly isActive: boolean;
  /** Of a copy: it is to become active here. */
  readonly isRestoring?: boolean;
  readonly stores: Pick<TaskStores, "view">;
  /** How far the inputs have come in what a query of this isolation sees. */
  position(store: string, isolation: QueryIsolation): Position;
  changelogOffsets(store: string): Readonly<Record<number, Offset>>;
  /** Of a copy: changes that it lacks, as far as known. */
  readonly lag: number;
  /** Of a copy: has it found out how far it has come in these topics. Its position tells it then. */
  locate?(topics: readonly string[]): void;
}

export interface LocalAnswersParts {
  readonly stores: QueryableStores;
  /** Those that are open in this process now. */
  readonly tasks: () => Iterable<QueryableTask>;
  readonly platform: Pick<Platform, "clock" | "timers">;
  readonly isolation: QueryIsolation;
}

/** What a process answers with by itself. */
export interface PartitionAnswers {
  /** Whether a partition of a store is here. */
  has(store: QueryableStore, partition: number): LocalRole | undefined;
  /**
   * The pages of an answer, all of one position.
   *
   * @throws QueryError
   */
  ask(request: PartitionRequest): AsyncIterable<AnswerPage>;
}

/** Answers from the stores of this process, and asks nobody else. */
export class LocalAnswers implements PartitionAnswers {
  readonly #parts: LocalAnswersParts;
  readonly #turns: AnsweringTurns;

  constructor(parts: LocalAnswersParts) {
    this.#parts = parts;
    this.#turns = new AnsweringTurns(parts.platform);
  }

  /** Whether a partition of a store is here. */
  has(store: QueryableStore, partition: number): LocalRole | undefined {
    const task = this.#taskOf(store, partition);
    return task && roleOf(task);
  }

  /**
   * The pages of an answer, all of one position. Gives way between two.
   *
   * @throws QueryError
   */
  async *ask(request: PartitionRequest): AsyncGenerator<AnswerPage, void, undefined> {
    await this.#turns.next();
    const rows = this.#begin(request);
    let { head }: { head: AnswerHead | undefined } = rows;
    try {
      for (;;) {
        const page = nextPage(rows.iterator);
        yield { head, rows: page.rows };
        if (page.isLast) return;
        head = undefined;
        await this.#turns.next();
      }
    } catch (error) {
      throw explain(error, request);
    } finally {
      rows.iterator.return?.();
    }
  }

  /** Finds the store, and opens what is read. Nothing else happens in between, so that all is of one position. */
  #begin(request: PartitionRequest): {
    readonly head: AnswerHead;
    readonly iterator: Iterator<AnswerRow>;
  } {
    try {
      const store = this.#parts.stores.find(request.store);
      const task = this.#requireTask(store, request);
      const isolation = request.isolation ?? this.#parts.isolation;
      const seen = task.isActive ? isolation : "committed";
      const position = task.position(request.store, seen);
      requirePosition(store, request, position, task);
      const view = task.stores.view(request.store, seen);
      const iterator = answerRows(view, request.question)[Symbol.iterator]();
      const changelogOffsets = task.changelogOffsets(request.store);
      return { head: { isStandby: !task.isActive, position, changelogOffsets }, iterator };
    } catch (error) {
      throw explain(error, request);
    }
  }

  #requireTask(store: QueryableStore, request: PartitionRequest): QueryableTask {
    const { partition, allowsStandby, lagMax } = request;
    const task = this.#taskOf(store, partition);
    if (task === undefined || (!task.isActive && !allowsStandby))
      throw new QueryError(
        "NOT_ACTIVE",
        `partition ${partition} of store ${request.store} is not ${task === undefined ? "" : "active "}here now; ask again, its task may be moving`,
      );
    if (!task.isActive && task.lag > lagMax)
      throw new QueryError(
        "NOT_UP_TO_BOUND",
        `the copy of partition ${partition} of store ${request.store} lacks ${task.lag} changes, ${lagMax} are allowed`,
      );
    return task;
  }

  #taskOf({ subtopology }: QueryableStore, partition: number): QueryableTask | undefined {
    let found: QueryableTask | undefined;
    for (const task of this.#parts.tasks()) {
      const { taskId } = task;
      const isMeant =
        taskId === undefined
          ? subtopology === undefined
          : taskId.subtopology === subtopology?.id && taskId.partition === partition;
      if (isMeant && (found === undefined || task.isActive)) found = task;
    }
    return found;
  }
}

/** What a task is here. */
export function roleOf({ isActive, isRestoring }: QueryableTask): LocalRole {
  if (isActive) return "active";
  return isRestoring === true ? "restoring" : "standby";
}

function nextPage(rows: Iterator<AnswerRow>): {
  readonly rows: readonly AnswerRow[];
  readonly isLast: boolean;
} {
  const page: AnswerRow[] = [];
  let bytes = 0;
  while (page.length < pageRowsMax && bytes < pageBytesMax) {
    const next = rows.next();
    if (next.done === true) return { rows: page, isLast: true };
    page.push(next.value);
    bytes += next.value.key.length + next.value.value.length;
  }
  return { rows: page, isLast: false };
}

function explain(error: unknown, { store, partition }: PartitionRequest): unknown {
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
