import type { EngineEntry } from "@millrace/state";

import type { RawRecord } from "./everything.ts";
import { EngineBatches } from "./processes/engine-batches.ts";
import type { LoaderKind } from "./swarm.ts";
import type { InputTopic } from "./topics.ts";

/** The invariants of this simulation, in the numbering of the project's fault catalogue. */
export type InvariantId =
  | "I0"
  | "I1"
  | "I2"
  | "I3"
  | "I4"
  | "I5"
  | "I6"
  | "I7"
  | "I8"
  | "I9"
  | "I10"
  | "I11"
  | "I12"
  | "I13"
  | "I14"
  | "I15"
  | "I16";

export interface Violation {
  readonly invariant: InvariantId;
  readonly message: string;
  readonly atMs: number;
}

/** A line as it was sent; its value begins with its id. */
export interface SentLine {
  readonly id: string;
  readonly topic: InputTopic;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly lateMs: number;
}

/**
 * One transaction, or one flush of an idempotent writer.
 *
 * - `acked`: all of it must be there for ever.
 * - `aborted`: nothing of it may be seen, ever.
 * - `unknown`: of a transaction all or nothing, of a flush each line at most once.
 */
export interface Attempt {
  readonly id: string;
  readonly kind: LoaderKind;
  /** Order holds among the attempts of one writer. */
  readonly writer: number;
  readonly lines: SentLine[];
  outcome: "acked" | "aborted" | "unknown";
}

export interface SeenRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  readonly timestamp: number;
}

/** What the group had committed for the lines when it was asked, and how far all topics reached just after. */
export interface CommittedSight {
  readonly partition: number;
  readonly offset: number;
  /** By topic, then by partition. */
  readonly ends: ReadonlyMap<string, readonly number[]>;
}

/** What a task's engine held when it was opened. */
export interface EngineSight {
  readonly process: string;
  readonly task: string;
  readonly entries: readonly EngineEntry[];
  /** See `EngineBatches.selfAtLastDrop`. */
  readonly selfAtLastDrop: readonly EngineEntry[];
  readonly atMs: number;
}

/** What the world was told and shown: the harness's own memory, which no fault touches. */
export class History {
  readonly violations: Violation[] = [];
  readonly attempts: Attempt[] = [];
  readonly commits: CommittedSight[] = [];
  readonly engines: EngineSight[] = [];
  /** What each process has said of what failed, in its log or by its end. */
  readonly told = new Map<string, string[]>();
  /** By process and task. */
  readonly #batches = new Map<string, EngineBatches>();
  /** By partition, then by offset. */
  readonly #seen = new Map<string, Map<number, SeenRecord>>();
  /** By partition, then by offset. */
  readonly #kept = new Map<string, Map<number, RawRecord>>();
  readonly #keptEnds = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #committed = new Map<string, number>();
  readonly #now: () => number;
  #writerCount = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  batchesOf(process: string, task: string): EngineBatches {
    const name = `${process} ${task}`;
    const known = this.#batches.get(name) ?? new EngineBatches();
    this.#batches.set(name, known);
    return known;
  }

  violate(invariant: InvariantId, message: string): void {
    this.violations.push({ invariant, message, atMs: this.#now() });
  }

  tell(process: string, text: string): void {
    const texts = this.told.get(process) ?? [];
    this.told.set(process, texts);
    texts.push(text);
  }

  nextWriter(): number {
    return ++this.#writerCount;
  }

  attempt(kind: LoaderKind, writer: number): Attempt {
    const outcome = kind === "transactional" ? "aborted" : "unknown";
    const id = `${kind[0]}${this.attempts.length}`;
    const attempt: Attempt = { id, kind, writer, lines: [], outcome };
    this.attempts.push(attempt);
    return attempt;
  }

  /** I3: an offset has one value for ever. */
  see(partition: string, record: SeenRecord): void {
    let records = this.#seen.get(partition);
    if (records === undefined) {
      records = new Map();
      this.#seen.set(partition, records);
    }
    const before = records.get(record.offset);
    if (before === undefined) records.set(record.offset, record);
    else if (!isSame(before, record))
      this.violate(
        "I3",
        `${partition}@${record.offset} was ${textOf(before)}, is ${textOf(record)}`,
      );
  }

  seen(partition: string): ReadonlyMap<number, SeenRecord> {
    return this.#seen.get(partition) ?? new Map();
  }

  /** What lay there before a compaction. */
  keep(partition: string, record: SeenRecord, raw: RawRecord): void {
    this.see(partition, record);
    const records = this.#kept.get(partition) ?? new Map<number, RawRecord>();
    this.#kept.set(partition, records.set(raw.offset, raw));
  }

  /** All that was committed below has been kept. */
  keptUpTo(partition: string, end: number): void {
    this.#keptEnds.set(partition, Math.max(end, this.keptEnd(partition)));
  }

  keptEnd(partition: string): number {
    return this.#keptEnds.get(partition) ?? 0;
  }

  kept(partition: string): ReadonlyMap<number, RawRecord> {
    return this.#kept.get(partition) ?? new Map();
  }

  /** I6: what a reader may see never shrinks, from one fetch to the next. */
  seeFetchedEnd(partition: string, end: number): void {
    this.#seeEnd(`fetched end of ${partition}`, end);
  }

  /** I6: an answer is not behind those that were there when it was asked for, fetched ones included. */
  seeListedEnd(partition: string, end: number): void {
    this.#seeEnd(`listed end of ${partition}`, end);
    const fetched = this.#ends.get(`fetched end of ${partition}`) ?? 0;
    if (end < fetched)
      this.violate("I6", `the listed end of ${partition} is ${end}, ${fetched} was fetched before`);
  }

  #seeEnd(what: string, end: number): void {
    const before = this.#ends.get(what) ?? 0;
    if (end < before) this.violate("I6", `the ${what} went back from ${before} to ${end}`);
    else this.#ends.set(what, end);
  }

  /** I8: committed offsets never go back. */
  seeCommitted(partition: string, offset: number | undefined): void {
    const before = this.#committed.get(partition);
    if (offset !== undefined && offset >= (before ?? 0)) this.#committed.set(partition, offset);
    else if (before !== undefined)
      this.violate(
        "I8",
        `the committed offset of ${partition} went back from ${before} to ${offset ?? "none"}`,
      );
  }

  committed(partition: string): number | undefined {
    return this.#committed.get(partition);
  }
}

export function textOf({ key, value, timestamp }: SeenRecord): string {
  return `${key}=${value} (${timestamp})`;
}

export function isSame(left: SeenRecord, right: SeenRecord): boolean {
  return left.key === right.key && left.value === right.value && left.timestamp === right.timestamp;
}
