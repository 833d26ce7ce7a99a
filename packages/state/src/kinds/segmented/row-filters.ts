import type { Timestamp } from "@millrace/model";
import { hashOf, hashWith, KeyFilter } from "../../layers/key-filter.ts";
import type { RowKeys } from "./row-keys.ts";

/** A search of more steps is not asked for: it would cost what it saves. */
const stepsMax = 16;

/**
 * Tells of most keys that no row of theirs lies in a stretch of time, without asking the engine: what an aggregation
 * reads before it begins a window, and a join or a session looks for, is most often not there.
 *
 * A segment has a filter if it began while the store was open: of what was there before nothing is known. Rows that were
 * deleted, or written and not committed, stay in it.
 */
export class RowFilters {
  readonly #keys: RowKeys;
  readonly #stepMs: number;
  readonly #filters = new Map<number, KeyFilter>();
  #lastId = -1;
  #last: KeyFilter | undefined;

  /** @param stepMs times within a step are not told apart; 1 where rows are read by their time */
  constructor(keys: RowKeys, stepMs: number) {
    this.#keys = keys;
    this.#stepMs = stepMs;
  }

  /** A segment holds nothing yet. */
  begin(segment: number): void {
    if (this.#filters.has(segment)) return;
    this.#filters.set(segment, new KeyFilter());
    this.#lastId = -1;
  }

  note(row: Uint8Array): void {
    this.#of(this.#keys.segmentIn(row))?.add(this.#hashOf(row));
  }

  /** As `note`, of a key's hash. */
  noteHash(keyHash: number, time: Timestamp): void {
    this.#of(this.#keys.segmentOf(time))?.add(hashWith(keyHash, this.#stepOf(time)));
  }

  mayHold(row: Uint8Array): boolean {
    return this.#of(this.#keys.segmentIn(row))?.mayHave(this.#hashOf(row)) ?? true;
  }

  /** Whether a segment may hold rows of a key between two times, both inclusive. */
  mayHoldBetween(segment: number, key: Uint8Array, from: Timestamp, to: Timestamp): boolean {
    const filter = this.#of(segment);
    if (filter === undefined) return true;
    const last = this.#stepOf(Math.min(to, this.#keys.startOfSegment(segment + 1) - 1));
    let step = this.#stepOf(Math.max(from, this.#keys.startOfSegment(segment)));
    if (last - step >= stepsMax) return true;
    const hash = hashOf(key, 0, key.length);
    for (; step <= last; step++) if (filter.mayHave(hashWith(hash, step))) return true;
    return false;
  }

  /** Keeps those of segments for which `isKept` says so. */
  retain(isKept: (segment: number) => boolean): void {
    for (const segment of this.#filters.keys()) if (!isKept(segment)) this.#filters.delete(segment);
    this.#lastId = -1;
  }

  #of(segment: number): KeyFilter | undefined {
    if (segment !== this.#lastId) {
      this.#lastId = segment;
      this.#last = this.#filters.get(segment);
    }
    return this.#last;
  }

  #hashOf(row: Uint8Array): number {
    const { keyStart } = this.#keys;
    const hash = hashOf(row, keyStart, this.#keys.keyEnd(row));
    return hashWith(hash, this.#stepOf(this.#keys.timeOf(row)));
  }

  #stepOf(time: Timestamp): number {
    return this.#stepMs === 1 ? time : Math.floor(time / this.#stepMs);
  }
}
