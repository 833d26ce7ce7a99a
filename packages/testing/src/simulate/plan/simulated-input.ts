import { noHeaders, partitionForKey, shown, type Headers, type Timestamp } from "@millrace/model";
import type { Random, SeededRandom } from "@millrace/platform";
import { serializeWith, WritePlace, type Serde } from "@millrace/serde";
import { byName, type Topic } from "@millrace/streams";

import { entryText } from "../../record-text.ts";
import { SimulationError } from "../simulation-error.ts";

/** A record that a simulation writes. */
export interface InputRecord<K, V> {
  readonly key?: K | null;
  readonly value: V | null;
  /** In ms since 1970. Default: the time at which it is due. */
  readonly timestamp?: Timestamp;
  readonly headers?: Headers;
}

/** A pair of key and value, or a record. */
export type InputEntry<K, V> = readonly [key: K | null, value: V | null] | InputRecord<K, V>;

/** A list, or what makes one of the chance that a seed gives. */
export type InputSource<K, V> =
  | readonly InputEntry<K, V>[]
  | ((random: Random) => Iterable<InputEntry<K, V>>);

export interface TopicSerdes<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** An input topic, and what is written to it in each run. Made by `input`. */
export interface SimulatedInput {
  readonly topic: string;
  draw(random: SeededRandom): readonly DrawnRecord[];
}

/** A record on its way, in bytes. */
export interface DrawnRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp | undefined;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * What a simulation writes to a topic: records in this order, each exactly once, spread over the time of faults.
 *
 * @example
 * input(orders, [["ada", { total: 12 }], ["alan", { total: 3 }]])
 * @example
 * input("clicks", { key: string(), value: string() }, (random) =>
 *   Array.from({ length: 20 }, () => [`user-${random.below(3)}`, "/"] as const))
 */
export function input<K, V>(topic: Topic<K, V>, records: InputSource<K, V>): SimulatedInput;
export function input<K, V>(
  topic: string,
  serdes: TopicSerdes<K, V>,
  records: InputSource<K, V>,
): SimulatedInput;
export function input<K, V>(
  topic: string | Topic<K, V>,
  ...rest: readonly (InputSource<K, V> | TopicSerdes<K, V>)[]
): SimulatedInput {
  const isNamed = typeof topic === "string";
  const [name, serdes] = byName<string, TopicSerdes<K, V>>(topic, isNamed ? rest[0] : undefined);
  const source = rest[isNamed ? 1 : 0] as InputSource<K, V>; // by the overloads; checked below
  if (typeof name !== "string" || serdes === undefined)
    throw new SimulationError(
      "INVALID_ARGUMENT",
      `input was given ${shown(topic)}; give a topic, or a name and its serdes`,
    );
  if (typeof source !== "function" && !Array.isArray(source))
    throw new SimulationError(
      "INVALID_ARGUMENT",
      `input of ${name} was given ${shown(source)}; give a list of records, or a function that makes one`,
    );
  return {
    topic: name,
    draw: (random) => {
      const entries = typeof source === "function" ? [...source(random)] : source;
      return entries.map((entry) => encoded(name, serdes, recordOf(entry)));
    },
  };
}

function recordOf<K, V>(entry: InputEntry<K, V>): InputRecord<K, V> {
  if (!isPair(entry)) return entry;
  const [key, value] = entry;
  return { key, value };
}

function isPair<K, V>(entry: InputEntry<K, V>): entry is readonly [K | null, V | null] {
  return Array.isArray(entry);
}

function encoded<K, V>(
  topic: string,
  serdes: TopicSerdes<K, V>,
  { key = null, value, timestamp, headers = noHeaders }: InputRecord<K, V>,
): DrawnRecord {
  const atKey = new WritePlace("key").at(headers);
  const atValue = new WritePlace("value");
  const keyBytes = isThere(key) ? serializeWith(serdes.key, key, topic, atKey).slice() : null;
  atValue.at(atKey.headers);
  const valueBytes = isThere(value)
    ? serializeWith(serdes.value, value, topic, atValue).slice()
    : null;
  return {
    key: keyBytes,
    value: valueBytes,
    timestamp,
    headers: atValue.headers,
    text: entryText(key, value),
  };
}

function isThere<T>(given: T | null): given is T & {} {
  return given !== null && given !== undefined;
}

/** Where a record goes: by its key, as a producer would have it; those without one by turns. */
export function partitionOf({ key }: DrawnRecord, index: number, count: number): number {
  return key === null ? index % count : partitionForKey(key, count);
}
