import type { Headers, Timestamp } from "@millrace/model";
import { deserializeWith, placeOf, type Serde } from "@millrace/serde";

import { outputTable, type KeyedRecord } from "./output-table.ts";
import type { ProducedRecord } from "./produced-record.ts";
import { TestDriverError, withoutWait } from "./test-driver-error.ts";

/** A record of an output topic, decoded (Kafka: `TestRecord`). */
export interface TestRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** How an output reads. */
export interface TestOutputOptions<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** Reads what a topology wrote to a topic, in order, each record once (Kafka: `TestOutputTopic`). */
export class TestOutput<K, V> {
  readonly topic: string;
  readonly #serdes: TestOutputOptions<K, V>;
  readonly #produced: readonly ProducedRecord[];
  readonly #hint: () => string;
  #position = 0;

  /** @param source what was written; the hint tells why there may be nothing, or is empty */
  constructor(
    topic: string,
    serdes: TestOutputOptions<K, V>,
    source: { readonly produced: readonly ProducedRecord[]; readonly hint: () => string },
  ) {
    this.topic = topic;
    this.#serdes = serdes;
    this.#produced = source.produced;
    this.#hint = source.hint;
  }

  /** How many are left to read (Kafka: `getQueueSize`). */
  get size(): number {
    return this.#produced.length - this.#position;
  }

  /** True: nothing is left to read. */
  get isEmpty(): boolean {
    return this.#position >= this.#produced.length;
  }

  /** The next record. Throws `NO_RECORD` where there is none. */
  read(): TestRecord<K, V> {
    if (this.isEmpty)
      throw new TestDriverError(
        "NO_RECORD",
        `topic ${this.topic} has no further record; ${this.#produced.length} were written so far${this.#produced.length === 0 ? this.#hint() : ""}`,
      );
    const record = this.#decode(this.#produced[this.#position]);
    this.#position += 1;
    return record;
  }

  #decode({ key, value, timestamp, headers }: ProducedRecord): TestRecord<K, V> {
    const { topic } = this;
    const serdes = this.#serdes;
    const [atKey, atValue] = [placeOf("key", headers), placeOf("value", headers)];
    try {
      return {
        key: key === null ? null : deserializeWith(serdes.key, key, topic, atKey),
        value: value === null ? null : deserializeWith(serdes.value, value, topic, atValue),
        timestamp,
        headers,
      };
    } catch (thrown) {
      throw withoutWait(thrown);
    }
  }

  /** The value of the next record. Throws `NO_RECORD` where there is none. */
  readValue(): V | null {
    return this.read().value;
  }

  /** The next record as a pair (Kafka: `readKeyValue`). Throws `NO_RECORD` where there is none. */
  readPair(): readonly [K | null, V | null] {
    const { key, value } = this.read();
    return [key, value];
  }

  /** All that is left. */
  readAll(): readonly TestRecord<K, V>[] {
    const records: TestRecord<K, V>[] = [];
    while (!this.isEmpty) records.push(this.read());
    return records;
  }

  /** All that is left, as pairs: what most tests compare. */
  readPairs(): readonly (readonly [K | null, V | null])[] {
    return this.readAll().map(({ key, value }) => [key, value] as const);
  }

  /** The values of all that is left (Kafka: `readValuesToList`). */
  readValues(): readonly (V | null)[] {
    return this.readAll().map(({ value }) => value);
  }

  /**
   * The last value of each key among all that is left (Kafka: `readKeyValuesToMap`). Keys that are objects are one where
   * their bytes are, and are found by an equal one. Throws `NULL_KEY` where a record has none and the key's serde is not
   * `optional`.
   *
   * @example clicks.readTable().get({ key: "ada", window: { start: 0, end: 60_000 } });
   */
  readTable(): ReadonlyMap<K, V | null> {
    const records: KeyedRecord<K, V>[] = [];
    while (!this.isEmpty) {
      const { key: keyBytes } = this.#produced[this.#position];
      records.push({ keyBytes, ...this.read() });
    }
    return outputTable(records, { keySerde: this.#serdes.key, topic: this.topic });
  }
}
