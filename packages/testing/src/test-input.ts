import {
  noHeaders,
  toMilliseconds,
  type Duration,
  type Headers,
  type Timestamp,
} from "@millrace/model";
import { serializeWith, WritePlace, type Serde } from "@millrace/serde";

import { checkEntries, checkPipe, checkPipeAll } from "./driver-options.ts";
import type { ProducedRecord } from "./produced-record.ts";
import { withoutWait } from "./test-driver-error.ts";

/** How a test writes to a topic. */
export interface TestInputOptions<K, V> extends InputTimes {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** Times of the records of an input. */
export interface InputTimes {
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

/** Times of the records of a list. */
export interface PipeAllOptions {
  /** Of the first one, in ms. Without it the list goes by the times of its topic. */
  readonly startMs?: Timestamp;
  /** How far the next one is from the one before. Default 0. */
  readonly advance?: Duration;
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
    const written = this.#write(key, value, options.headers ?? noHeaders);
    this.#pipe({ ...written, timestamp: options.timestamp ?? this.#advance() });
  }

  /** A record without a key. */
  pipeValue(value: V | null, options?: PipeOptions): void {
    this.pipe(null, value, options);
  }

  /**
   * Pairs of keys and values, one after the other (Kafka: `pipeKeyValueList`).
   *
   * @example orders.pipeAll([["ada", 3], ["alan", 5]], { startMs: 0, advance: "1s" })
   */
  pipeAll(
    entries: readonly (readonly [key: K | null, value: V | null])[],
    options: PipeAllOptions = {},
  ): void {
    checkEntries(entries);
    checkPipeAll(options);
    const stepMs = toMilliseconds(options.advance ?? 0, "advance");
    for (const [index, [key, value]] of entries.entries())
      this.pipe(
        key,
        value,
        options.startMs === undefined ? {} : { timestamp: options.startMs + index * stepMs },
      );
  }

  /** Values without keys, one after the other (Kafka: `pipeValueList`). */
  pipeValues(values: readonly (V | null)[], options?: PipeAllOptions): void {
    this.pipeAll(
      values.map((value) => [null, value] as const),
      options,
    );
  }

  /** Moves the time of the next record that has none of its own; the wall clock stays (Kafka: `advanceTime`). */
  advanceTime(duration: Duration): void {
    this.#nextMs = (this.#nextMs ?? this.#wallMs()) + toMilliseconds(duration, "advanceTime");
  }

  #write(
    key: K | null,
    value: V | null,
    headers: Headers,
  ): Pick<ProducedRecord, "key" | "value" | "headers"> {
    const { topic } = this;
    const serdes = this.#options;
    const atKey = new WritePlace("key").at(headers);
    const atValue = new WritePlace("value");
    try {
      const keyBytes = isThere(key) ? serializeWith(serdes.key, key, topic, atKey) : null;
      atValue.at(atKey.headers);
      const valueBytes = isThere(value) ? serializeWith(serdes.value, value, topic, atValue) : null;
      return { key: keyBytes, value: valueBytes, headers: atValue.headers };
    } catch (thrown) {
      throw withoutWait(thrown);
    }
  }

  #advance(): Timestamp {
    const now = this.#nextMs ?? this.#wallMs();
    const step = toMilliseconds(this.#options.advance ?? 0, "advance");
    if (this.#nextMs !== undefined || step > 0) this.#nextMs = now + step;
    return now;
  }
}

function isThere<T>(given: T | null): given is T & {} {
  return given !== null && given !== undefined;
}
