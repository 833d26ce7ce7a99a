import { compareBytes, encodeUtf8, type Timestamp } from "@millrace/model";

export const rowKinds = [
  "window",
  "timestampedWindow",
  "timestampedWindowWithHeaders",
  "windowByTime",
  "windowByTimeOrKey",
  "duplicates",
  "session",
  "sessionWithHeaders",
] as const;
export type RowKind = (typeof rowKinds)[number];

/** A window, or a session: `time` is what it expires by, `last` its sequence number or its start. */
export interface ModelRow {
  readonly key: string;
  readonly time: Timestamp;
  readonly last: number;
  readonly value: string;
}

export interface ModelSearch {
  readonly keyFrom: string | null;
  readonly keyTo: string | null;
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly latestStart: Timestamp;
  readonly isReverse: boolean;
}

/** Long enough for segments of a minute. */
export const retentionMs = 100_000;
const segmentIntervalMs = 60_000;

/** Rows in a list, each with the last value that was put. */
export class ExpiringModel {
  readonly #kind: RowKind;
  readonly #isExact: boolean;
  readonly #isCached: boolean;
  #rows: readonly ModelRow[] = [];
  #streamTime = -1;
  #sequence = 0;
  droppedCount = 0;

  constructor(
    kind: RowKind,
    { isExact, isCached }: { readonly isExact: boolean; readonly isCached: boolean },
  ) {
    this.#kind = kind;
    this.#isExact = isExact;
    this.#isCached = isCached;
  }

  copy(): ExpiringModel {
    const copy = new ExpiringModel(this.#kind, {
      isExact: this.#isExact,
      isCached: this.#isCached,
    });
    copy.#rows = this.#rows;
    copy.#streamTime = this.#streamTime;
    copy.#sequence = this.#sequence;
    return copy;
  }

  put(key: string, time: Timestamp, start: Timestamp, value: string | null): void {
    if (this.#kind === "duplicates") this.#sequence += 1;
    // As in Kafka, a deletion that does nothing still brings the time to a store in memory.
    if (value === null && this.#kind === "duplicates" && !this.#isExact) return;
    const last = this.#isSession ? start : this.#kind === "duplicates" ? this.#sequence : 0;
    const isRemoval = value === null && this.#isSession;
    // What a cache flushes are writes, removals too.
    const bringsTime = !isRemoval || !this.#isExact || this.#isCached;
    if (bringsTime) this.#streamTime = Math.max(this.#streamTime, time);
    if (this.#isLate(time) && !isRemoval) this.droppedCount += 1;
    const row = { key, time, last };
    const others = this.#rows.filter(
      (other) => other.key !== key || other.time !== time || other.last !== row.last,
    );
    this.#rows = value === null ? others : [...others, { ...row, value }];
  }

  /** True: a store without a cache shows it no more. */
  hasExpired({ time }: Pick<ModelRow, "time">): boolean {
    const shown = this.#isByTime && !this.#isExact ? 1 : 0;
    return time + shown <= this.#streamTime - retentionMs;
  }

  /** Expired ones too; a cache may still show them. */
  search(search: ModelSearch): readonly ModelRow[] {
    const { keyFrom, keyTo, from, to, latestStart, isReverse } = search;
    const found = this.#rows
      .filter(({ key }) => keyFrom === null || compareText(key, keyFrom) >= 0)
      .filter(({ key }) => keyTo === null || compareText(key, keyTo) <= 0)
      .filter(({ time }) => time >= from && time <= to)
      .filter(({ last }) => !this.#isSession || last <= latestStart)
      .toSorted((left, right) => this.#order(left, right, search));
    return isReverse ? found.toReversed() : found;
  }

  #isLate(time: Timestamp): boolean {
    const end = this.#streamTime - retentionMs;
    return this.#isExact ? time <= end : segmentOf(time) < segmentOf(end);
  }

  get #isSession(): boolean {
    return this.#kind === "session" || this.#kind === "sessionWithHeaders";
  }

  get #isByTime(): boolean {
    return this.#kind === "windowByTime" || this.#kind === "windowByTimeOrKey";
  }

  #order(left: ModelRow, right: ModelRow, { keyFrom, keyTo }: ModelSearch): number {
    const isOneKey = keyFrom !== null && keyFrom === keyTo;
    const isOfAll = keyFrom === null && keyTo === null;
    const byTime = left.time - right.time;
    const byLast = left.last - right.last;
    if (isOneKey) return byTime || byLast;
    const isByKey = this.#kind === "windowByTimeOrKey" && !isOfAll;
    if (this.#isExact || (this.#isByTime && !isByKey))
      return byTime || compareText(left.key, right.key) || byLast;
    return (
      segmentOf(left.time) - segmentOf(right.time) || compareBytes(bytesOf(left), bytesOf(right))
    );
  }
}

function segmentOf(time: Timestamp): number {
  return Math.trunc(time / segmentIntervalMs);
}

function compareText(left: string, right: string): number {
  return compareBytes(encodeUtf8(left), encodeUtf8(right));
}

function bytesOf({ key, time, last }: ModelRow): Uint8Array {
  const text = encodeUtf8(key);
  const bytes = new Uint8Array(text.length + 16);
  const view = new DataView(bytes.buffer);
  bytes.set(text);
  view.setBigInt64(text.length, BigInt(time));
  view.setBigInt64(text.length + 8, BigInt(last));
  return bytes;
}
