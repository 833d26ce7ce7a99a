import type { Offset } from "@millrace/model";
import type { JoinedSignal, Platform } from "@millrace/platform";
import type { QueryIsolation, TaskStores } from "@millrace/state";

import { QueryError } from "../error/query-error.ts";
import type { TaskId } from "../processor/task-id.ts";
import { AnsweringTurns } from "./answering-turns.ts";
import { OpenAnswer, queryFailure, type AnswerHead } from "./open-answer.ts";
import type { Position } from "./position.ts";
import { answerRows, type AnswerRow, type Question } from "./question.ts";
import type { QueryableStore, QueryableStores } from "./queryable-stores.ts";
import { requirePosition } from "./required-position.ts";
import { ScanSlots } from "./scan-slots.ts";

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

/** Rows of one position. The first page has the head. */
export interface AnswerPage {
  readonly head: AnswerHead | undefined;
  readonly rows: readonly AnswerRow[];
}

/** A whole answer of one partition. */
export interface PartitionAnswer {
  readonly head: AnswerHead;
  readonly rows: readonly AnswerRow[];
}

/** What a task is here: one that is being restored is to become active. */
export type LocalRole = "active" | "restoring" | "standby";

/** The stores of one task, or the global ones, as queries find them. */
export interface QueryableTask {
  /** Undefined: the global stores. */
  readonly taskId: TaskId | undefined;
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
  /** Whoever has a task in this process now: what runs it before a copy. Undefined: the global stores are meant. */
  readonly find: (taskId: TaskId | undefined) => QueryableTask | undefined;
  readonly platform: Pick<Platform, "clock" | "timers">;
  readonly isolation: QueryIsolation;
}

/** What ends a query. */
export interface QueryLife {
  /** Throws what has ended it: asked wherever it has waited for a turn. */
  requireGoing(): void;
  /** For what waits longer. Dispose of it behind that. */
  ends(): JoinedSignal;
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
  /**
   * All of an answer at once, from the task that runs on this thread. Undefined: it does not; ask whoever may have it.
   *
   * @throws QueryError; what its life ends with
   */
  whole(request: PartitionRequest, life: QueryLife): Promise<PartitionAnswer | undefined>;
}

/** Answers from the stores of this process, and asks nobody else. */
export class LocalAnswers implements PartitionAnswers {
  readonly #parts: LocalAnswersParts;
  readonly #turns: AnsweringTurns;
  /** Of whole answers: others are read as somebody takes their pages. */
  readonly #scans = new ScanSlots();

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
    let turn = this.#turns.next();
    if (turn !== undefined) await turn;
    using answer = this.#open(request);
    let { head }: { head: AnswerHead | undefined } = answer;
    for (;;) {
      const rows: AnswerRow[] = [];
      const isLast = answer.readPage(rows);
      yield { head, rows };
      if (isLast) return;
      head = undefined;
      turn = this.#turns.next();
      if (turn !== undefined) await turn;
    }
  }

  async whole(request: PartitionRequest, life: QueryLife): Promise<PartitionAnswer | undefined> {
    const store = this.#parts.stores.find(request.store);
    if (this.has(store, request.partition) !== "active") return undefined;
    let hasSlot = false;
    try {
      for (;;) {
        let turn = this.#turns.next();
        if (turn !== undefined) await turn;
        life.requireGoing();
        using answer = this.#open(request);
        const rows: AnswerRow[] = [];
        let isLast = answer.readPage(rows);
        if (!isLast && !hasSlot) {
          hasSlot = this.#scans.take();
          if (!hasSlot) {
            answer[Symbol.dispose](); // it begins anew
            using ends = life.ends();
            await this.#scans.wait(ends.signal);
            hasSlot = true;
            continue;
          }
        }
        while (!isLast) {
          turn = this.#turns.next();
          if (turn !== undefined) await turn;
          life.requireGoing();
          isLast = answer.readPage(rows);
        }
        return { head: answer.head, rows };
      }
    } finally {
      if (hasSlot) this.#scans.giveBack();
    }
  }

  /** Finds the store, and opens what is read. Nothing else happens in between, so that all is of one position. */
  #open(request: PartitionRequest): OpenAnswer {
    try {
      const store = this.#parts.stores.find(request.store);
      const task = this.#requireTask(store, request);
      const isolation = request.isolation ?? this.#parts.isolation;
      const seen = task.isActive ? isolation : "committed";
      const position = task.position(request.store, seen);
      requirePosition(store, request, position, task);
      const view = task.stores.view(request.store, seen);
      const rows = answerRows(view, request.question);
      const changelogOffsets = task.changelogOffsets(request.store);
      const head = { isStandby: !task.isActive, position, changelogOffsets };
      return new OpenAnswer(request, head, rows);
    } catch (error) {
      throw queryFailure(error, request);
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
    return this.#parts.find(subtopology && { subtopology: subtopology.id, partition });
  }
}

/** What a task is here. */
export function roleOf({ isActive, isRestoring }: QueryableTask): LocalRole {
  if (isActive) return "active";
  return isRestoring === true ? "restoring" : "standby";
}
