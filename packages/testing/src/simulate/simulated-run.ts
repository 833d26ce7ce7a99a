import { shown, type Headers, type Offset, type Timestamp } from "@millrace/model";
import { deserializeWith, placeOf } from "@millrace/serde";
import {
  byName,
  type QueriesOf,
  type QueryHandle,
  type Rows,
  type StreamsApp,
  type Topic,
} from "@millrace/streams";

import { outputTable } from "../output-table.ts";
import type { TopicSerdes } from "./plan/simulated-input.ts";
import { SimulationError } from "./simulation-error.ts";
import type { RunHistory } from "./world/run-history.ts";

/** A record of a topic, decoded. */
export interface SimulatedRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  readonly partition: number;
  /** Undefined: of an input, that is not written yet. */
  readonly offset: Offset | undefined;
}

interface RawRecord extends Omit<SimulatedRecord<unknown, unknown>, "key" | "value"> {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Records of a topic as an invariant looks at them: within a partition in their order. */
export class SimulatedTopic<K, V> {
  readonly name: string;
  readonly #serdes: TopicSerdes<K, V>;
  readonly #records: readonly RawRecord[];

  constructor(name: string, serdes: TopicSerdes<K, V>, records: readonly RawRecord[]) {
    this.name = name;
    this.#serdes = serdes;
    this.#records = records;
  }

  records(): readonly SimulatedRecord<K, V>[] {
    const { name } = this;
    const { key: keySerde, value: valueSerde } = this.#serdes;
    return this.#records.map(({ key, value, headers, timestamp, partition, offset }) => ({
      key: key === null ? null : deserializeWith(keySerde, key, name, placeOf("key", headers)),
      value:
        value === null ? null : deserializeWith(valueSerde, value, name, placeOf("value", headers)),
      headers,
      timestamp,
      partition,
      offset,
    }));
  }

  pairs(): readonly (readonly [K | null, V | null])[] {
    return this.records().map(({ key, value }) => [key, value] as const);
  }

  values(): readonly (V | null)[] {
    return this.records().map(({ value }) => value);
  }

  /** The last value of each key; keys that are objects are found by an equal one. */
  table(): ReadonlyMap<K, V | null> {
    const records = this.records().map((record, index) => ({
      ...record,
      keyBytes: this.#records[index].key,
    }));
    return outputTable(records, { keySerde: this.#serdes.key, topic: this.name });
  }
}

/** A run as its invariants see it. */
export class SimulatedRun {
  readonly seed: number;
  readonly #history: RunHistory;
  readonly #topics: ReadonlySet<string>;
  readonly #apps: () => readonly StreamsApp[];
  /** Serdes by which a history tells records. */
  readonly #read: Map<string, TopicSerdes<unknown, unknown>>;

  constructor(
    seed: number,
    parts: {
      readonly history: RunHistory;
      readonly topics: ReadonlySet<string>;
      readonly apps: () => readonly StreamsApp[];
      readonly read: Map<string, TopicSerdes<unknown, unknown>>;
    },
  ) {
    this.seed = seed;
    this.#history = parts.history;
    this.#topics = parts.topics;
    this.#apps = parts.apps;
    this.#read = parts.read;
  }

  /** What was written to an input: at the end of a run all of it, each record once. */
  input<K, V>(topic: Topic<K, V>): SimulatedTopic<K, V>;
  input<K, V>(topic: string, serdes: TopicSerdes<K, V>): SimulatedTopic<K, V>;
  input<K, V>(topic: string | Topic<K, V>, given?: TopicSerdes<K, V>): SimulatedTopic<K, V> {
    const [name, serdes] = this.#topic(topic, given);
    const sent = this.#history.sent.filter((send) => send.topic === name);
    return new SimulatedTopic(
      name,
      serdes,
      sent.map((send) => ({ ...send, offset: undefined })),
    );
  }

  /** What a reader of committed records has seen in a topic; at the end of a run all of it. */
  output<K, V>(topic: Topic<K, V>): SimulatedTopic<K, V>;
  output<K, V>(topic: string, serdes: TopicSerdes<K, V>): SimulatedTopic<K, V>;
  output<K, V>(topic: string | Topic<K, V>, given?: TopicSerdes<K, V>): SimulatedTopic<K, V> {
    const [name, serdes] = this.#topic(topic, given);
    return new SimulatedTopic(name, serdes, this.#history.seen(name));
  }

  /** What instances told of the outside world by `world.effect`, in its order. */
  effects(name: string): readonly unknown[] {
    return this.#history.effects(name);
  }

  /**
   * Rows of a store, of all instances together.
   *
   * @example
   * const rows = await run.rows(counts, (store) => store.all());
   */
  async rows<Handle extends QueryHandle, Row>(
    store: Handle,
    ask: (queries: QueriesOf<Handle>) => Rows<Row>,
  ): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const app of this.#apps()) {
      const answers = await ask(app.store(store, { isLocal: true, timeout: 0 })).results();
      for (const answer of answers) if (!answer.isFailure) rows.push(...answer.rows);
    }
    return rows;
  }

  #topic<K, V>(
    topic: string | Topic<K, V>,
    given: TopicSerdes<K, V> | undefined,
  ): readonly [string, TopicSerdes<K, V>] {
    const [name, serdes] = byName<string, TopicSerdes<K, V>>(topic, given);
    if (serdes === undefined)
      throw new SimulationError(
        "INVALID_ARGUMENT",
        `an invariant asks for ${shown(topic)}; give a topic, or a name and its serdes`,
      );
    if (!this.#topics.has(name))
      throw new SimulationError(
        "UNKNOWN_TOPIC",
        `an invariant asks for topic ${name}, which the simulation does not have; there are ${[...this.#topics].join(", ")}. Give it in topics, with its partition count`,
      );
    this.#read.set(name, serdes);
    return [name, serdes];
  }
}
