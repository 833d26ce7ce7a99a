import { compareBytes, type Timestamp } from "@millrace/model";
import { toLatin1 } from "../../bytes/latin1.ts";
import type { CacheBudget } from "../../contract/cache-budget.ts";
import type { RowKeys } from "./row-keys.ts";

/** What a row takes here besides its key, roughly. */
const overheadBytes = 160;

/** Of one key: who has more of them at once looks for few of these. */
const rowsOfKeyMax = 16;

/** A row of which more is needed than its bytes. */
interface KnownRow {
  readonly key: string;
  readonly time: Timestamp;
  readonly last: number;
  ofSameKey: KnownRow | undefined;
  older: KnownRow | undefined;
  newer: KnownRow | undefined;
}

/**
 * Which rows of a key there may be from some time on, in the cache or beneath: whoever looks for the latest of them reads
 * these, and searches nothing. No row of that time is missing; one that is named may be hidden, or not there.
 *
 * STATE-22: what is not known is of earlier times than all that is told. Of what was there before, of what is restored,
 * and of what has to go for want of room, the time is remembered alone.
 */
export class KnownRows {
  readonly #keys: RowKeys;
  readonly #budget: CacheBudget;
  readonly #byKey = new Map<string, KnownRow>();
  #oldest: KnownRow | undefined;
  #newest: KnownRow | undefined;
  /** All rows of this time, and of later ones, are known. */
  #knownFrom: Timestamp;

  /** @param newestTime of what is there */
  constructor(keys: RowKeys, budget: CacheBudget, newestTime: Timestamp) {
    this.#keys = keys;
    this.#budget = budget;
    this.#knownFrom = newestTime + 1;
  }

  /**
   * Before a row is written.
   *
   * @param neededFrom who looks for rows of earlier times may as well search
   */
  add(row: Uint8Array, neededFrom: Timestamp): void {
    const key = toLatin1(this.#keys.keyOf(row));
    const time = this.#keys.timeOf(row);
    const last = this.#keys.lastOf(row);
    const first = this.#byKey.get(key);
    let count = 0;
    let oldest = first;
    for (let known = first; known !== undefined; known = known.ofSameKey) {
      if (known.time === time && known.last === last) return;
      if (known.time < (oldest as KnownRow).time) oldest = known;
      count += 1;
    }
    if (oldest !== undefined && count >= rowsOfKeyMax) this.#forget(oldest);
    this.#makeRoom(overheadBytes + key.length, neededFrom);
    const newer: KnownRow = {
      key,
      time,
      last,
      ofSameKey: this.#byKey.get(key),
      older: this.#newest,
      newer: undefined,
    };
    this.#byKey.set(key, newer);
    if (this.#newest === undefined) this.#oldest = newer;
    else this.#newest.newer = newer;
    this.#newest = newer;
    this.#budget.recentBytes += overheadBytes + key.length;
  }

  /** After a row was deleted. */
  remove(row: Uint8Array): void {
    const time = this.#keys.timeOf(row);
    const last = this.#keys.lastOf(row);
    let known = this.#byKey.get(toLatin1(this.#keys.keyOf(row)));
    while (known !== undefined && (known.time !== time || known.last !== last))
      known = known.ofSameKey;
    if (known !== undefined) this.#unlink(known);
  }

  /** A row was written that is not told of. */
  missed(time: Timestamp): void {
    this.#knownFrom = Math.max(this.#knownFrom, time + 1);
  }

  /** The rows of a key between two times, both inclusive, in their order; undefined: they must be searched. */
  find(key: Uint8Array, from: Timestamp, to: Timestamp): Uint8Array[] | undefined {
    if (from < this.#knownFrom) return undefined;
    const rows: Uint8Array[] = [];
    for (let known = this.#byKey.get(toLatin1(key)); known !== undefined; known = known.ofSameKey)
      if (known.time >= from && known.time <= to)
        rows.push(this.#keys.row(key, known.time, known.last));
    return rows.length < 2 ? rows : rows.sort(compareBytes);
  }

  /** What is there is of no later time than this one; nothing else is known of it. */
  clear(newestTime: Timestamp): void {
    while (this.#oldest !== undefined) this.#unlink(this.#oldest);
    this.missed(newestTime);
  }

  #makeRoom(bytes: number, neededFrom: Timestamp): void {
    const { recentBytesMax } = this.#budget;
    for (let row = this.#oldest; row !== undefined; row = this.#oldest) {
      if (row.time >= neededFrom && this.#budget.recentBytes + bytes <= recentBytesMax) return;
      this.#forget(row);
    }
  }

  #forget(row: KnownRow): void {
    this.missed(row.time);
    this.#unlink(row);
  }

  #unlink(row: KnownRow): void {
    const { key, ofSameKey, older, newer } = row;
    const first = this.#byKey.get(key);
    if (first !== row) {
      let before = first;
      while (before !== undefined && before.ofSameKey !== row) before = before.ofSameKey;
      if (before !== undefined) before.ofSameKey = ofSameKey;
    } else if (ofSameKey === undefined) this.#byKey.delete(key);
    else this.#byKey.set(key, ofSameKey);
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    this.#budget.recentBytes -= overheadBytes + key.length;
  }
}
