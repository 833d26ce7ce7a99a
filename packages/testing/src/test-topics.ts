import {
  noHeaders,
  toMilliseconds,
  type Duration,
  type Headers,
  type Timestamp,
} from "@millrace/model";
import { deserializeWith, serializeWith, type Serde } from "@millrace/serde";

import { checkPipe } from "./driver-options.ts";
import type { ProducedRecord } from "./produced-record.ts";
import { TestDriverError } from "./test-driver-error.ts";

/** How a test writes to a topic. */
export interface TestInputOptions<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** Timestamp of the first record that has none of its own, in ms. Default: the driver's wall clock. */
  readonly startMs?: Timestamp;
  /** How far the next such record is from the one before. Default 0. */
  readonly advance?: Duration;
}

export interface PipeOptions {
  /** In ms since 1970. */
  readonly timestamp?: Timestamp;
  readonly headers?: Headers;
}

type Pipe = (record: Omit<ProducedRecord, "topic">) => void;

/** Writes typed records into a topic of a driver (Kafka: `TestInputTopic`). */
export class TestInput<K, V> {
  readonly topic: string;
  readonly #options: TestInputOptions<K, V>;
  readonly #pipe: Pipe;
  readonly #wallMs: () => Timestamp;
  #nextMs: Timestamp | undefined;

  constructor(
    topic: string,
    options: TestInputOptions<K, V>,
    driver: { readonly pipe: Pipe; readonly wallMs: () => Timestamp },
  ) {
    this.topic = topic;
    this.#options = options;
    this.#pipe = driver.pipe;
    this.#wallMs = driver.wallMs;
    this.#nextMs = options.startMs;
  }

  /** Writes a record and runs it, and all that comes of it, through the topology before the call returns. */
  pipe(key: K | null, value: V | null, options: PipeOptions = {}): void {
    checkPipe(options);
    const { key: keySerde, value: valueSerde } = this.#options;
    this.#pipe({
      key: key === null || key === undefined ? null : serializeWith(keySerde, key, this.topic),
      value:
        value === null || value === undefined ? null : serializeWith(valueSerde, value, this.topic),
      timestamp: options.timestamp ?? this.#advance(),
      headers: options.headers ?? noHeaders,
    });
  }

  #advance(): Timestamp {
    const now = this.#nextMs ?? this.#wallMs();
    const step = toMilliseconds(this.#options.advance ?? 0, "advance");
    if (this.#nextMs !== undefined || step > 0) this.#nextMs = now + step;
    return now;
  }
}

/** A record of an output topic, decoded (Kafka: `TestRecord`). */
export interface TestRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** Reads what a topology wrote to a topic, in order, each record once (Kafka: `TestOutputTopic`). */
export class TestOutput<K, V> {
  readonly topic: string;
  readonly #serdes: { readonly key: Serde<K>; readonly value: Serde<V> };
  readonly #produced: readonly ProducedRecord[];
  #position = 0;

  constructor(
    topic: string,
    serdes: { readonly key: Serde<K>; readonly value: Serde<V> },
    produced: readonly ProducedRecord[],
  ) {
    this.topic = topic;
    this.#serdes = serdes;
    this.#produced = produced;
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
        `topic ${this.topic} has no further record; ${this.#produced.length} were written so far`,
      );
    const { key, value, timestamp, headers } = this.#produced[this.#position];
    this.#position += 1;
    const { key: keySerde, value: valueSerde } = this.#serdes;
    return {
      key: key === null ? null : deserializeWith(keySerde, key, this.topic),
      value: value === null ? null : deserializeWith(valueSerde, value, this.topic),
      timestamp,
      headers,
    };
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

  /** The last value of each key among all that is left (Kafka: `readKeyValuesToMap`). */
  readTable(): ReadonlyMap<K | null, V | null> {
    return new Map(this.readPairs());
  }
}
