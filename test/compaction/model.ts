import type { RawBatch } from "./read-log.ts";

export interface ModelRecord {
  readonly offset: number;
  readonly key: string;
  /** Null: a tombstone. */
  readonly value: string | null;
}

/** A batch as it was appended. */
export interface ModelBatch {
  readonly kind: "data" | "commit" | "abort";
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** -1: of none. */
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1: of none. */
  readonly lastSequence: number;
  readonly isTransactional: boolean;
  readonly records: readonly ModelRecord[];
}

/** A compaction that was begun: what it may have done, and what it has done if it came to its end. */
export interface Cleaning {
  /** It touches nothing at or above. */
  readonly upTo: number;
  readonly begunMs: number;
  /** Undefined: it was interrupted; some segments may be cleaned, and others not. */
  done?: { readonly endOffset: number; readonly atMs: number };
}

interface ProducerState {
  readonly epoch: number;
  /** -1: nothing in this epoch. */
  readonly lastSequence: number;
  /** -1: no transaction is open. */
  readonly openedAt: number;
}

type Fate = "kept" | "either" | "gone";

/** A log as plain arrays, and what Kafka's rules say compaction may and must have taken from it. */
export class Model {
  batches: ModelBatch[] = [];
  readonly cleanings: Cleaning[] = [];
  /** All below was acknowledged as durable. */
  ackedEnd = 0;
  readonly deleteRetentionMs: number;

  constructor(deleteRetentionMs: number) {
    this.deleteRetentionMs = deleteRetentionMs;
  }

  get endOffset(): number {
    return (this.batches.at(-1)?.lastOffset ?? -1) + 1;
  }

  /** A crash took what lay above. */
  truncate(endOffset: number): void {
    this.batches = this.batches.filter((batch) => batch.lastOffset < endOffset);
  }

  producer(producerId: number): ProducerState {
    let state: ProducerState = { epoch: -1, lastSequence: -1, openedAt: -1 };
    for (const batch of this.batches) {
      if (batch.producerId !== producerId) continue;
      const { producerEpoch: epoch, lastSequence, isTransactional } = batch;
      if (batch.kind === "data") {
        const openedAt = isTransactional && state.openedAt < 0 ? batch.baseOffset : state.openedAt;
        state = { epoch, lastSequence, openedAt };
      } else {
        const isSameEpoch = epoch === state.epoch;
        state = { epoch, lastSequence: isSameEpoch ? state.lastSequence : -1, openedAt: -1 };
      }
    }
    return state;
  }

  /** The marker that ended the transaction of a batch; undefined: it is open. */
  markerOf(batch: ModelBatch): ModelBatch | undefined {
    return this.batches.find(
      ({ kind, producerId, baseOffset }) =>
        kind !== "data" && producerId === batch.producerId && baseOffset > batch.lastOffset,
    );
  }

  isAborted(batch: ModelBatch): boolean {
    return batch.isTransactional && batch.kind === "data" && this.markerOf(batch)?.kind === "abort";
  }

  get lastStableOffset(): number {
    const open = this.batches.find(
      (batch) =>
        batch.isTransactional && batch.kind === "data" && this.markerOf(batch) === undefined,
    );
    return open?.baseOffset ?? this.endOffset;
  }

  /** What is left of the log, compared with what may be; throws where it is not. */
  check(raw: readonly RawBatch[]): void {
    const byBase = new Map(this.batches.map((batch) => [batch.baseOffset, batch]));
    const left = new Map<number, string | null>();
    let expected = 0;
    for (const found of raw) {
      const batch = byBase.get(found.baseOffset);
      must(found.baseOffset >= expected, `batch ${found.baseOffset} is out of order`);
      must(batch?.lastOffset === found.lastOffset, `batch ${found.baseOffset} has other offsets`);
      must(
        batch?.lastSequence === found.lastSequence,
        `batch ${found.baseOffset} has other sequences`,
      );
      must(
        batch?.producerEpoch === found.producerEpoch,
        `batch ${found.baseOffset} has another epoch`,
      );
      expected = found.lastOffset + 1;
      for (const { offset, key, value } of found.records) {
        const written = batch?.records.find((record) => record.offset === offset);
        must(
          written?.key === key && written.value === value,
          `offset ${offset} holds ${key}=${value}`,
        );
        left.set(offset, value);
      }
    }
    this.#checkRecords(left);
    this.#checkMarkers(raw);
  }

  #checkRecords(left: ReadonlyMap<number, string | null>): void {
    const newest = this.#newestOfKeys();
    for (const batch of this.batches) {
      if (batch.kind !== "data") continue;
      for (const record of batch.records) {
        const fate = this.#fateOf(record, this.isAborted(batch), newest);
        const isLeft = left.has(record.offset);
        const what = `${record.key}=${record.value} at ${record.offset}`;
        must(isLeft || fate !== "kept", `${what} is lost`);
        must(!isLeft || fate !== "gone", `${what} is still there`);
      }
    }
  }

  /** The committed record behind each committed one with the same key. */
  #newestOfKeys(): ReadonlyMap<number, number> {
    const next = new Map<number, number>();
    const last = new Map<string, number>();
    const { lastStableOffset } = this;
    for (const batch of this.batches) {
      if (batch.kind !== "data" || this.isAborted(batch)) continue;
      if (batch.baseOffset >= lastStableOffset) break;
      for (const { key, offset } of batch.records) {
        const before = last.get(key);
        if (before !== undefined) next.set(before, offset);
        last.set(key, offset);
      }
    }
    return next;
  }

  #fateOf(record: ModelRecord, isAborted: boolean, next: ReadonlyMap<number, number>): Fate {
    const { offset } = record;
    const cleanedUpTo = Math.max(0, ...this.cleanings.map(({ done }) => done?.endOffset ?? 0));
    const touchedUpTo = Math.max(0, ...this.cleanings.map(({ upTo }) => upTo));
    if (isAborted) return offset < cleanedUpTo ? "gone" : offset < touchedUpTo ? "either" : "kept";
    const successor = next.get(offset) ?? Number.POSITIVE_INFINITY;
    if (successor < cleanedUpTo) return "gone";
    const expiry = record.value === null ? this.#expiryOf(offset) : "kept";
    if (expiry === "gone") return "gone";
    return successor < touchedUpTo ? "either" : expiry;
  }

  /** A tombstone, or the marker of a transaction of which nothing is left. */
  #expiryOf(offset: number): Fate {
    const touching = this.cleanings.filter(({ upTo }) => upTo > offset);
    const complete = touching.flatMap(({ done, begunMs }) =>
      done !== undefined && done.endOffset > offset ? [{ ...done, begunMs }] : [],
    );
    const [first] = complete;
    const isGone = complete.some(
      ({ begunMs }) => first !== undefined && begunMs >= first.atMs + this.deleteRetentionMs,
    );
    if (isGone) return "gone";
    const mayBeGone = touching.some(
      ({ done }) =>
        (done?.atMs ?? Number.POSITIVE_INFINITY) >= touching[0].begunMs + this.deleteRetentionMs,
    );
    return mayBeGone ? "either" : "kept";
  }

  /** A marker never goes before the last batch of what it ends, however empty that is, nor before its time. */
  #checkMarkers(raw: readonly RawBatch[]): void {
    const there = new Map(raw.map((batch) => [batch.baseOffset, batch]));
    const withData = new Set<ModelBatch>();
    for (const batch of this.batches) {
      if (!batch.isTransactional || batch.kind !== "data") continue;
      const marker = this.markerOf(batch);
      if (marker !== undefined && there.has(batch.baseOffset)) withData.add(marker);
    }
    for (const batch of this.batches) {
      if (batch.kind === "data") continue;
      const isLeft = there.get(batch.baseOffset)?.marker === batch.kind;
      const mustStay = withData.has(batch) || this.#expiryOf(batch.baseOffset) === "kept";
      must(isLeft || !mustStay, `the ${batch.kind} at ${batch.baseOffset} is lost`);
    }
  }
}

export function must(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new ModelError(what);
}

/** The log is not what Kafka's rules allow. */
export class ModelError extends Error {}
