import { concatBytes } from "@millrace/model";
import {
  bytes,
  deserializeWith,
  int64AsNumber,
  keyPlace,
  type Serde,
  serializeWith,
  valuePlace,
} from "@millrace/serde";
import { keyValueStore, type KeyValueStore, type StoreSpecification } from "@millrace/state";

import { numbersOf, scoreBytes, type ScoreOf } from "./score.ts";

/** All rows of the groups, the greatest of each first, with how often there is an equal one. */
export type CandidateStore = KeyValueStore<Uint8Array, number>;

export function candidateStore(
  options: Pick<StoreSpecification, "name" | "caching" | "engine"> & { readonly logging: boolean },
): StoreSpecification<CandidateStore> {
  return keyValueStore({ ...options, key: bytes(), value: int64AsNumber() });
}

/** How rows are written. */
export interface CandidateRows {
  readonly serdes: { readonly key: Serde<unknown>; readonly value: Serde<unknown> };
  readonly by: ScoreOf;
  /** What serdes are told. */
  readonly topic: string;
}

/**
 * The rows that may be among the greatest of a group: all of them, since any may be once those before it go. Keys are the
 * group's length (4) and bytes, the score's and the value's: so equal scores stand in the order of the values' bytes.
 */
export class Candidates {
  readonly #store: CandidateStore;
  readonly #serdes: { readonly key: Serde<unknown>; readonly value: Serde<unknown> };
  readonly #by: ScoreOf;
  readonly #topic: string;

  constructor(store: CandidateStore, { serdes, by, topic }: CandidateRows) {
    this.#store = store;
    this.#serdes = serdes;
    this.#by = by;
    this.#topic = topic;
  }

  add(group: unknown, value: unknown): void {
    const row = this.#rowOf(group, value);
    this.#store.put(row, (this.#store.get(row) ?? 0) + 1);
  }

  /** False: there is no such value. */
  remove(group: unknown, value: unknown): boolean {
    const row = this.#rowOf(group, value);
    const count = this.#store.get(row);
    if (count === null) return false;
    this.#store.put(row, count === 1 ? null : count - 1);
    return true;
  }

  /** Takes all of a group out. */
  removeAll(group: unknown): void {
    const prefix = this.#prefixOf(group);
    const end = concatBytes(prefix, behindScores);
    let from: Uint8Array | null = prefix;
    while (from !== null) {
      const rows = this.#rowsFrom(from, end);
      for (const row of rows) this.#store.put(row, null);
      from = rows.length < rowsMax ? null : rows[rows.length - 1];
    }
  }

  #rowsFrom(from: Uint8Array, end: Uint8Array): readonly Uint8Array[] {
    const found: Uint8Array[] = [];
    using rows = this.#store.range(from, end);
    while (found.length < rowsMax && rows.next()) found.push(rows.key);
    return found;
  }

  /** The n greatest. */
  top(group: unknown, n: number): readonly unknown[] {
    const prefix = this.#prefixOf(group);
    const values: unknown[] = [];
    using rows = this.#store.range(prefix, concatBytes(prefix, behindScores));
    while (values.length < n && rows.next()) {
      const bytesOfValue = rows.key.subarray(scoreEnd(rows.key, prefix.length));
      for (let left = Math.min(rows.value, n - values.length); left > 0; left -= 1)
        values.push(deserializeWith(this.#serdes.value, bytesOfValue, this.#topic, valuePlace));
    }
    return values;
  }

  #rowOf(group: unknown, value: unknown): Uint8Array {
    const score = scoreBytes(numbersOf(this.#by, value, group));
    const valueBytes = serializeWith(this.#serdes.value, value as object, this.#topic, valuePlace);
    return concatBytes(this.#prefixOf(group), score, valueBytes);
  }

  #prefixOf(group: unknown): Uint8Array {
    const groupBytes = serializeWith(this.#serdes.key, group as object, this.#topic, keyPlace);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setInt32(0, groupBytes.length);
    return concatBytes(length, groupBytes);
  }
}

/** How many rows are looked up before they are deleted. */
const rowsMax = 1000;

/** Each number of a score begins with 1, and its end is 0. */
const behindScores = Uint8Array.of(2);

function scoreEnd(row: Uint8Array, start: number): number {
  let at = start;
  while (row[at] === 1) at += 9;
  return at + 1;
}
