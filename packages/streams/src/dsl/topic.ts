import {
  isTopicName,
  optionTable,
  readOptions,
  shown,
  topicNameAllowed,
  valueOption,
} from "@millrace/model";
import { serdeKind, type Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";

/** A topic with the serdes of its records: one value for sources, sinks and tests. Make it with `topic`. */
export class Topic<K, V> {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;

  constructor(name: string, key: Serde<K>, value: Serde<V>) {
    this.name = name;
    this.key = key;
    this.value = value;
    Object.freeze(this);
  }
}

const required = { isRequired: true } as const;
const table = optionTable("topic", {
  key: valueOption<Serde<unknown>, typeof required>(serdeKind, required),
  value: valueOption<Serde<unknown>, typeof required>(serdeKind, required),
});

/**
 * Names a topic and its serdes, once for a program: `stream`, `table`, `globalTable`, `to`, and the inputs and outputs of a
 * test take it in place of a name and serdes.
 *
 * @throws TopologyError `INVALID_ARGUMENT`, OptionError
 * @example
 * const orders = topic("orders", { key: string(), value: json(Order) });
 * builder.stream(orders).filter((order) => order.total > 0).to(checked);
 */
export function topic<K, V>(
  name: string,
  serdes: { readonly key: Serde<K>; readonly value: Serde<V> },
): Topic<K, V> {
  if (!isTopicName(name))
    throw new TopologyError(
      "INVALID_ARGUMENT",
      `topic was given ${shown(name)}; give ${topicNameAllowed}`,
    );
  readOptions(table, serdes);
  return new Topic(name, serdes.key, serdes.value);
}

interface GivenSerdes {
  readonly key?: Serde<unknown>;
  readonly value?: Serde<unknown>;
}

/**
 * The name that stands for a handle, and options with its serdes, unless they say others; what is no handle, as it is.
 * Several are read with the serdes of the first.
 *
 * @throws TopologyError `INVALID_ARGUMENT`: several, whose serdes have other names
 */
export function byName<Names, Options extends object>(
  given: unknown,
  options: unknown,
): readonly [names: Names, options: Options | undefined] {
  // Whoever calls checks both: mistakes are told as such then.
  return named(given, options) as readonly [Names, Options | undefined];
}

function named(given: unknown, options: unknown): readonly [unknown, unknown] {
  if (given instanceof Topic) return [given.name, withSerdes(given, options)];
  if (!Array.isArray(given) || given.length === 0) return [given, options];
  const topics: readonly unknown[] = given;
  const handles = topics.filter((one) => one instanceof Topic);
  if (handles.length < topics.length) return [given, options];
  const [first, ...rest] = handles;
  const other = rest.find(
    ({ key, value }) => key.name !== first.key.name || value.name !== first.value.name,
  );
  if (other !== undefined)
    throw new TopologyError(
      "INVALID_ARGUMENT",
      `topics ${first.name} and ${other.name} have other serdes, and cannot be read as one stream; read each by itself, and merge the streams`,
    );
  return [handles.map(({ name }) => name), withSerdes(first, options)];
}

function withSerdes({ key, value }: Topic<unknown, unknown>, options: unknown): unknown {
  if (options === undefined) return { key, value };
  if (typeof options !== "object" || options === null) return options;
  const own = options as GivenSerdes;
  return { ...own, key: own.key ?? key, value: own.value ?? value };
}
