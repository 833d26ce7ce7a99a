import { shown } from "@millrace/model";
import { byName, type QueriesOf, type QueryHandle, type Rows, type Topic } from "@millrace/streams";

import { rowsOfAll, type LivingInstances } from "./rows-of-all.ts";
import type { TopicSerdes } from "./plan/simulated-input.ts";
import { SimulatedTopic } from "./simulated-topic.ts";
import { SimulationError } from "./simulation-error.ts";
import type { RunHistory } from "./world/run-history.ts";

/** A run as its invariants see it. */
export class SimulatedRun {
  readonly seed: number;
  readonly #history: RunHistory;
  readonly #topics: ReadonlySet<string>;
  readonly #living: LivingInstances;
  /** Serdes by which a history tells records. */
  readonly #read: Map<string, TopicSerdes<unknown, unknown>>;

  constructor(
    seed: number,
    parts: {
      readonly history: RunHistory;
      readonly topics: ReadonlySet<string>;
      readonly living: LivingInstances;
      readonly read: Map<string, TopicSerdes<unknown, unknown>>;
    },
  ) {
    this.seed = seed;
    this.#history = parts.history;
    this.#topics = parts.topics;
    this.#living = parts.living;
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
   * Rows of a store, of all its partitions, from the instances that have them. Where nobody has one it is waited for, in
   * virtual time: tasks move, and instances come back.
   *
   * @throws QueryError of a partition that nobody has for long
   * @example
   * const rows = await run.rows(counts, (store) => store.all());
   */
  rows<Handle extends QueryHandle, Row>(
    store: Handle,
    ask: (queries: QueriesOf<Handle>) => Rows<Row>,
  ): Promise<readonly Row[]> {
    return rowsOfAll(this.#living, (app) =>
      ask(app.store(store, { isLocal: true, timeout: 0 })).results(),
    );
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
