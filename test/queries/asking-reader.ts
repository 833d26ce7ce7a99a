import { deepStrictEqual } from "node:assert";

import type { PartitionResult, Position } from "millrace";
import { string } from "millrace";

import type { Stores } from "./killed-application.ts";
import {
  keys,
  lastOffsetOf,
  partitionCount,
  recordsIn,
  tableAt,
  writtenAtMs,
} from "./written-records.ts";

type Row = readonly [string, number];

/** How often an answer is tried for: longer than a dead instance is missed. */
const timeout = "30s" as const;

/** Asks everything, wherever it is, and compares each answer with the table at its position. */
export class AskingReader {
  readonly #stores: Stores;
  /** Of the inputs, as far as an answer has shown: later ones are to show no less. */
  readonly #reached: Record<string, Record<number, number>> = { words: {}, prices: {} };
  #turns = 0;
  #answers = 0;
  #byCopies = 0;
  #longestMs = 0;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  get told() {
    return {
      turns: this.#turns,
      answers: this.#answers,
      byCopies: this.#byCopies,
      longestMs: Math.round(this.#longestMs),
      reached: this.#reached,
    };
  }

  async run(turned: () => void): Promise<void> {
    for (;;) {
      const sinceMs = performance.now();
      await this.#ask();
      this.#longestMs = Math.max(this.#longestMs, performance.now() - sinceMs);
      this.#turns += 1;
      turned();
    }
  }

  async #ask(): Promise<void> {
    const { app, counts, perMinute, visits, prices } = this.#stores;
    const store = app.store(counts, { timeout });
    const all = await store.all().results();
    this.#compare("all", all, ({ key, value }) => [key, value]);
    for (const result of all) if (!result.isFailure) this.#reach("words", result);
    this.#compare("prefix", await store.prefix("key-", string()).results(), ({ key, value }) => [
      key,
      value,
    ]);
    this.#compare("live", await store.with({ isolation: "live" }).all().results(), (row) => [
      row.key,
      row.value,
    ]);
    const copies = store.with({ standbys: true, standbyLagMax: 100_000 });
    this.#compare("copies", await copies.range("a", "z").results(), ({ key, value }) => [
      key,
      value,
    ]);
    const windows = app.store(perMinute, { timeout });
    this.#compare("windows", await windows.fetchAll().results(), (row) => [row.key.key, row.value]);
    const sessions = app.store(visits, { timeout }).findSessionsOfKeys(null, null);
    this.#compare("sessions", await sessions.results(), (row) => [row.key.key, row.value]);
    for (let partition = 0; partition < partitionCount; partition++) {
      const key = keys[partition][this.#turns % keys[partition].length];
      await this.#askKey(partition, key);
      const found = app.store(prices, { timeout }).history(key);
      const [result] = await found.results();
      if (result.isFailure) throw result.error;
      const last = lastOffsetOf(partition, key, result.position["prices"]?.[partition] ?? -1);
      const latest = result.rows.at(-1);
      deepStrictEqual(latest?.timestamp ?? writtenAtMs - 1, writtenAtMs + last, "versions");
      this.#answers += 1;
    }
  }

  /** Of no less than was seen before. */
  async #askKey(partition: number, key: string): Promise<void> {
    const { app, counts, perMinute } = this.#stores;
    const positionAtLeast: Position = { words: { ...this.#reached["words"] } };
    const options = { timeout, positionAtLeast };
    const at = await app.store(counts, options).lookup(key);
    const window = await app.store(perMinute, options).lookup(key, writtenAtMs);
    for (const { value, position } of [at, window]) {
      const reached = position["words"]?.[partition] ?? -1;
      const asked = positionAtLeast["words"][partition] ?? -1;
      if (reached < asked) throw new Error(`${key} is of ${reached}, asked for was ${asked}`);
      const [, count] = tableAt(position, "words", partition).find(([one]) => one === key) ?? [];
      deepStrictEqual(value ?? undefined, count, `${key} at ${JSON.stringify(position)}`);
      this.#answers += 1;
    }
    this.#reach("words", at);
  }

  #reach(topic: string, at: { readonly partition: number; readonly position: Position }): void {
    const { partition, position } = at;
    this.#reached[topic][partition] = position[topic]?.[partition] ?? -1;
  }

  #compare<Given>(
    kind: string,
    results: readonly PartitionResult<Given>[],
    rowOf: (row: Given) => Row,
  ): void {
    for (const result of results) {
      if (result.isFailure) throw result.error;
      const { partition, rows, isStandby } = result;
      const table = rows.map(rowOf).toSorted(([left], [right]) => (left < right ? -1 : 1));
      // A copy knows its place in the changelog alone: it is to be the table at any position.
      const position = isStandby
        ? { words: { [partition]: recordsIn(table) - 1 } }
        : result.position;
      const where = `${kind} of partition ${partition} at ${JSON.stringify(position)}`;
      const expected = tableAt(position, "words", partition);
      if (JSON.stringify(table) !== JSON.stringify(expected))
        throw new Error(`${where}: ${JSON.stringify(table)}, not ${JSON.stringify(expected)}`);
      this.#answers += 1;
      if (isStandby) this.#byCopies += 1;
    }
  }
}
