import { murmur2, OptionError, shown } from "@millrace/model";
import { abortable, JoinedSignal, type Platform } from "@millrace/platform";

import { QueryError } from "../error/query-error.ts";
import type { AnsweringTurns } from "./answering-turns.ts";
import { isPartitionOf } from "./changes-options.ts";
import type { AnswerPage, PartitionAnswer, PartitionRequest, QueryLife } from "./local-answers.ts";
import type { AnswerHead } from "./open-answer.ts";
import type { PartitionAsker } from "./partition-asker.ts";
import type { QuerySettings } from "./query-options.ts";
import type { AnswerRow, Question } from "./question.ts";
import type { QueryableStore } from "./queryable-stores.ts";

export interface StoreReaderParts {
  readonly store: QueryableStore;
  readonly asker: PartitionAsker;
  readonly partitionCount: (signal: AbortSignal, atLeast?: number) => Promise<number>;
  /** As far as the cluster need not be asked. */
  readonly knownPartitionCount: () => number | undefined;
  /** Aborts once the application is closed. */
  readonly closing: AbortSignal;
  readonly platform: Pick<Platform, "clock" | "timers">;
  /** Of all queries of the application. */
  readonly turns: AnsweringTurns;
}

/** What ends a query: its time, or a signal. */
interface QueryEnd {
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** Asks the partitions of one store, with the settings of one handle. */
export class StoreReader implements QueryLife {
  readonly settings: QuerySettings;
  readonly store: QueryableStore;
  /** For what is done with answers. */
  readonly turns: AnsweringTurns;
  readonly #parts: StoreReaderParts;

  constructor(parts: StoreReaderParts, settings: QuerySettings) {
    this.#parts = parts;
    this.store = parts.store;
    this.turns = parts.turns;
    this.settings = settings;
  }

  /** The same, which tries for so long at least. */
  forAtLeast(timeoutMs: number): StoreReader {
    const timeout = Math.max(timeoutMs, this.settings.timeout);
    return new StoreReader(this.#parts, { ...this.settings, timeout });
  }

  /** What ends whatever is asked: the caller's signal, or the end of the application. Dispose of it behind that. */
  ends(): JoinedSignal {
    return new JoinedSignal(this.settings.signal, this.#parts.closing);
  }

  /** Throws the reason of a signal that has ended queries. */
  requireGoing(): void {
    this.settings.signal?.throwIfAborted();
    this.#parts.closing.throwIfAborted();
  }

  /** Those that are asked, in order. */
  async partitions(): Promise<readonly number[]> {
    if (this.store.subtopology === undefined) return [0];
    const { partitions } = this.settings;
    if (partitions !== undefined)
      return [...new Set(partitions)].sort((left, right) => left - right);
    const count = await this.partitionCount();
    return Array.from({ length: count }, (_, partition) => partition);
  }

  /**
   * Of topics that are not there yet nothing is known: who asks for what is in them waits for it, and is told.
   *
   * @throws OptionError `INVALID_OPTION`: some of those that are to be asked are not there, nor will be
   */
  async requirePartitions(): Promise<void> {
    const absent = await this.#absentPartitions().catch((error: unknown) => {
      if (!(error instanceof QueryError) || error.code !== "NOT_PRESENT") throw error;
      return undefined;
    });
    if (absent !== undefined) throw new OptionError("INVALID_OPTION", absent);
  }

  /** What is said of those that are to be asked and are not there; undefined: all are. */
  async #absentPartitions(): Promise<string | undefined> {
    const { partitions } = this.settings;
    if (this.store.subtopology === undefined || partitions === undefined) return undefined;
    using ends = this.ends();
    const count = await this.#parts.partitionCount(ends.signal, Math.max(-1, ...partitions) + 1);
    if (partitions.every((one) => one < count)) return undefined;
    return `app.store: partitions is [${partitions.join(", ")}], and store ${this.store.specification.name} has partitions 0 to ${count - 1}; ask these, or leave partitions out for all`;
  }

  /** What the cluster is asked; undefined: it does not tell it in time. */
  async #inTime<T>(asked: Promise<T>, { endMs, signal }: QueryEnd): Promise<T | undefined> {
    const late = new AbortController();
    const leftMs = Math.max(0, endMs - this.#nowMs());
    const timer = this.#parts.platform.timers.after(leftMs, () => late.abort());
    using either = new JoinedSignal(signal, late.signal);
    try {
      return await abortable(asked, either.signal);
    } catch {
      signal.throwIfAborted();
      return undefined;
    } finally {
      timer.cancel();
    }
  }

  #nowMs(): number {
    return this.#parts.platform.clock.monotonicMs();
  }

  /** Of the store, whichever are asked. */
  async partitionCount(): Promise<number> {
    const known = this.#parts.knownPartitionCount();
    if (known !== undefined) return known;
    using ends = this.ends();
    return await this.#parts.partitionCount(ends.signal);
  }

  /**
   * Where a key is: in the one partition that is to be asked; else where its topic has it.
   *
   * @throws OptionError `INVALID_OPTION`: several are to be asked, or none, and it is not in these; the partitioner gave no partition
   */
  async partitionOf(key: Uint8Array): Promise<number> {
    if (this.store.subtopology === undefined) return 0;
    const { partitioner = defaultPartition, partitions } = this.settings;
    const asked = partitions === undefined ? undefined : new Set(partitions);
    if (asked?.size === 1) return [...asked][0];
    const count = await this.partitionCount();
    const partition = partitioner(key, count);
    const { name } = this.store.specification;
    if (!(Number.isSafeInteger(partition) && partition >= 0 && partition < count))
      throw new OptionError(
        "INVALID_OPTION",
        `app.store: partitioner gave ${shown(partition)} for a key of store ${name}; give a partition, from 0 to ${count - 1}`,
      );
    if (asked === undefined || asked.has(partition)) return partition;
    throw new OptionError(
      "INVALID_OPTION",
      `app.store: partitions is [${[...asked].join(", ")}], and by the partitioner the key that store ${name} is asked for is in partition ${partition}; give one partition, that is asked then, or the partitioner that its topic is written with, or leave partitions out`,
    );
  }

  /** Of a partition that is not there nobody would miss what is asked for. Of an unknown number it may be there. */
  async #requirePosition(end: QueryEnd): Promise<void> {
    const { positionAtLeast = {} } = this.settings;
    if (this.store.subtopology === undefined) return; // it waits for what is not there
    const named = Object.entries(positionAtLeast).flatMap(([topic, partitions]) =>
      Object.keys(partitions).map((partition) => ({ topic, partition })),
    );
    if (named.length === 0) return;
    const most = Math.max(...named.map(({ partition }) => Number(partition) || 0));
    const count = await this.#inTime(this.#parts.partitionCount(end.signal, most + 1), end);
    if (count === undefined) return;
    const absent = named.find(({ partition }) => !isPartitionOf(partition, count));
    if (absent !== undefined)
      throw new OptionError(
        "INVALID_OPTION",
        `app.store: positionAtLeast names partition ${absent.partition} of ${absent.topic}, and store ${this.store.specification.name} has partitions 0 to ${count - 1}`,
      );
  }

  pages(
    partition: number,
    question: Question,
    changed?: Partial<PartitionRequest>,
  ): AsyncGenerator<AnswerPage, void, undefined> {
    return this.#pages(this.#request(partition, question, changed));
  }

  /**
   * All rows of one partition, of one position: an answer that was interrupted is asked for anew, within the bound.
   *
   * @throws QueryError
   */
  async whole(
    partition: number,
    question: Question,
    changed?: Partial<PartitionRequest>,
  ): Promise<PartitionAnswer> {
    const endMs = this.#nowMs() + this.settings.timeout;
    const request = this.#request(partition, question, changed);
    for (;;) {
      try {
        return (await this.#here(request)) ?? (await this.#whole(this.#pages(request)));
      } catch (error) {
        const mayRepeat = error instanceof QueryError && error.code === "QUERY_INTERRUPTED";
        if (!mayRepeat || this.#nowMs() >= endMs) throw error;
      }
    }
  }

  #request(
    partition: number,
    question: Question,
    changed: Partial<PartitionRequest> = {},
  ): PartitionRequest {
    const { isolation, standbys, standbyLagMax, positionAtLeast } = this.settings;
    return {
      store: this.store.specification.name,
      partition,
      question,
      isolation,
      allowsStandby: standbys,
      positionAtLeast: positionAtLeast ?? {},
      lagMax: standbyLagMax ?? Infinity,
      ...changed,
    };
  }

  /** Most are asked that are here: these wait for nobody, and pay for nothing that would end it. */
  async #here(request: PartitionRequest): Promise<PartitionAnswer | undefined> {
    if (this.settings.positionAtLeast !== undefined) return undefined; // it may have to be awaited
    return this.#parts.asker.here(request, this);
  }

  async *#pages(request: PartitionRequest): AsyncGenerator<AnswerPage, void, undefined> {
    const { timeout, isLocal, partitions } = this.settings;
    using ends = this.ends();
    const { signal } = ends;
    const end = { endMs: this.#nowMs() + timeout, signal };
    // Asked for meanwhile: a query that finds nobody takes all of its time for that.
    const absent = partitions && this.#inTime(this.#absentPartitions(), end);
    absent?.catch(() => {}); // its signal's reason, that the query ends with, too
    try {
      await this.#requirePosition(end);
      const timeoutMs = Math.max(0, end.endMs - this.#nowMs());
      yield* this.#parts.asker.ask(this.store, request, { timeoutMs, signal, isLocal });
    } catch (error) {
      if (!(error instanceof QueryError) || error.code !== "NOT_PRESENT") throw error;
      const told = await absent;
      throw told === undefined ? error : new QueryError("NOT_PRESENT", told);
    }
  }

  async #whole(pages: AsyncIterable<AnswerPage>): Promise<PartitionAnswer> {
    let head: AnswerHead | undefined;
    const rows: AnswerRow[] = [];
    for await (const page of pages) {
      head ??= page.head;
      for (const row of page.rows) rows.push(row);
    }
    if (head === undefined) throw new QueryError("QUERY_INTERRUPTED", "an answer had no beginning");
    return { head, rows };
  }
}

/** As Kafka's clients choose. */
function defaultPartition(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count;
}
