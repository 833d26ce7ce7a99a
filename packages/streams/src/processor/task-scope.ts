import { noHeaders, type Headers, type Timestamp } from "@millrace/model";

import { CommittedNumbers } from "./committed-numbers.ts";

/** What stores and caches take for the time and the headers of a write. */
export interface RecordUnderWay {
  timestamp: Timestamp;
  headers: Headers;
}

type Tell = (what: string) => void;

/**
 * What the processors of one task share beside stores: the clock of an outer join, say, which both of its sides move. It
 * lives as long as the task, and no longer.
 */
export class TaskScope {
  readonly committedNumbers = new CommittedNumbers();
  /** How often, by the wall clock, operators look for what time has closed. */
  readonly emitIntervalMs: number;
  readonly #record: RecordUnderWay;
  readonly #values = new Map<object, unknown>();
  readonly #closers: (() => void)[] = [];

  /** Says which results there were that nobody gets, and what to do. */
  readonly tellLost: Tell;
  /** Says what makes each record cost much, and what to do. */
  readonly tellCostly: Tell;

  constructor(
    record: RecordUnderWay,
    tell: { readonly lost: Tell; readonly costly: Tell },
    emitIntervalMs = 1000,
  ) {
    this.#record = record;
    this.tellLost = tell.lost;
    this.tellCostly = tell.costly;
    this.emitIntervalMs = emitIntervalMs;
  }

  /** A write that the record under way brings about, and that is of another time, without headers. */
  writeAt(timestamp: Timestamp, write: () => void): void {
    const record = this.#record;
    const { timestamp: own, headers } = record;
    record.timestamp = timestamp;
    record.headers = noHeaders;
    try {
      write();
    } finally {
      record.timestamp = own;
      record.headers = headers;
    }
  }

  /** Asks to be called when the task closes, once its processors have. */
  whenClosed(close: () => void): void {
    this.#closers.push(close);
  }

  /** What wants to be called; afterwards nothing does. */
  takeClosers(): readonly (() => void)[] {
    return this.#closers.splice(0);
  }

  /** The value of a key: made by whoever asks first. The key is an object that those who share it all know. */
  shared<T>(key: object, make: () => T): T {
    if (!this.#values.has(key)) this.#values.set(key, make());
    return this.#values.get(key) as T; // of one key, all are made by `make` of one type
  }
}
