import { ClusterError } from "@millrace/cluster";
import {
  encodeUtf8,
  noHeaders,
  isPromise,
  shown,
  type Headers,
  type Timestamp,
  type TopicPartition,
} from "@millrace/model";
import { serializeWith, WritePlace, type Serde, type SerdePlace } from "@millrace/serde";

/** What a producer without a serde takes: bytes, or text that becomes UTF-8. */
export type PlainField = Uint8Array | string | null;

/** What is sent (Kafka: `ProducerRecord`). */
export interface ProducerRecord<Key = PlainField, Value = PlainField> {
  /** Its name, or a handle that `topic` made: the serdes are the producer's in any case. */
  readonly topic: string | { readonly name: string };
  readonly key?: Key | null;
  /** Null deletes the key from a compacted topic. */
  readonly value: Value | null;
  /** By name; or as pairs, where names may repeat, in order. The headers of a consumed record fit. */
  readonly headers?:
    | Readonly<Record<string, PlainField>>
    | Iterable<readonly [name: string, value: PlainField]>;
  /** Default: by the key, as Kafka's own clients do; without one, any, batch by batch. */
  readonly partition?: number;
  /** Milliseconds since 1970. Default: now. */
  readonly timestamp?: Timestamp;
}

/** The same in bytes. */
export interface EncodedRecord {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly timestamp: Timestamp;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export interface RecordSerdes {
  readonly key: Serde<unknown> | undefined;
  readonly value: Serde<unknown> | undefined;
}

/**
 * Checks a record and turns it into bytes. Null stays null: no key, or the deletion of the key.
 *
 * @throws ClusterError `RECORD_INVALID`, SerdeError `SERIALIZATION_FAILED`
 */
export function encodeRecord(
  record: ProducerRecord<unknown, unknown>,
  serdes: RecordSerdes,
  nowMs: Timestamp,
): EncodedRecord {
  const topic = topicOf(record);
  const { key = null, value, headers, partition, timestamp = nowMs } = record;
  if (!Number.isSafeInteger(timestamp) || timestamp < 0)
    throw invalid(
      topic,
      `its timestamp is ${shown(timestamp)}; give whole milliseconds since 1970`,
    );
  const given = headers === undefined ? noHeaders : encodeHeaders(topic, headers);
  const keyPlace = new WritePlace("key").at(given);
  const keyBytes = encodeField(key, serdes.key, topic, keyPlace);
  if (keyBytes === undefined) throw invalidField(topic, "key", key);
  if ("messages" in record)
    throw invalid(
      topic,
      "it has the member messages; send takes a record at a time, as { topic, key, value }",
    );
  const valuePlace = new WritePlace("value").at(keyPlace.headers);
  const valueBytes = encodeField(value, serdes.value, topic, valuePlace);
  if (valueBytes === undefined) throw invalidField(topic, "value", value);
  return {
    topic,
    partition,
    timestamp,
    key: keyBytes,
    value: valueBytes,
    headers: valuePlace.headers,
  };
}

/** For a record that has to wait: its sender may write into the bytes meanwhile. */
export function copyOf(record: EncodedRecord): EncodedRecord {
  const { key, value, headers } = record;
  return {
    ...record,
    key: key?.slice() ?? null,
    value: value?.slice() ?? null,
    headers: headers.map(([name, bytes]) => [name, bytes?.slice() ?? null] as const),
  };
}

/** What to tell of a partition that the topic does not have. */
export function noSuchPartition(
  { topic, partition }: TopicPartition,
  partitionCount: number,
): ClusterError {
  const last = partitionCount - 1;
  return invalid(
    topic,
    `its partition is ${shown(partition)}; give one from 0 to ${last}, or none`,
  );
}

/** Undefined: no bytes can be made of it. */
function encodeField(
  field: unknown,
  serde: Serde<unknown> | undefined,
  topic: string,
  place: SerdePlace,
): Uint8Array | null | undefined {
  if (field === null) return null;
  if (serde !== undefined)
    return field === undefined || isPromise(field)
      ? undefined
      : serializeWith(serde, field, topic, place);

  return encodePlain(field);
}

function encodePlain(field: unknown): Uint8Array | undefined {
  if (typeof field === "string") return field.isWellFormed() ? encodeUtf8(field) : undefined;
  return field instanceof Uint8Array ? field : undefined;
}

function encodeHeaders(topic: string, given: unknown): Headers {
  if (typeof given !== "object" || given === null)
    throw invalid(topic, `its headers are ${shown(given)}; give an object, or a list of pairs`);
  const pairs: Iterable<unknown> = isIterable(given) ? given : Object.entries(given);
  return Array.from(pairs, (pair) => {
    if (!Array.isArray(pair))
      throw invalid(topic, `a header is ${shown(pair)}; give [name, value]`);
    const [name, value]: readonly unknown[] = pair;
    if (typeof name !== "string")
      throw invalid(topic, `a header's name is ${shown(name)}; give text`);
    if (!name.isWellFormed()) throw invalid(topic, `a header's name ${illFormed}`);
    const bytes = value === null ? null : encodePlain(value);
    if (bytes === undefined) throw invalidField(topic, `header ${JSON.stringify(name)}`, value);
    return [name, bytes] as const;
  });
}

/** @throws ClusterError `RECORD_INVALID` */
export function topicOf(record: unknown): string {
  if (typeof record !== "object" || record === null || Array.isArray(record))
    throw invalid(
      "a topic",
      `it is ${shown(record)}; give { topic, value }, a call for each record`,
    );
  const given = "topic" in record ? record.topic : undefined;
  const isHandle = typeof given === "object" && given !== null && "name" in given;
  const topic = isHandle ? given.name : given;
  if (typeof topic === "string" && topic !== "") return topic;
  throw invalid("a topic", `its topic is ${shown(given)}; give the topic's name`);
}

function isIterable(given: object): given is Iterable<unknown> {
  return Symbol.iterator in given;
}

/** It would be read as U+FFFD. */
const illFormed =
  "has half of a surrogate pair, which has no UTF-8; split texts by code point ([...text]), or use toWellFormed()";

function invalidField(topic: string, what: string, field: unknown): ClusterError {
  if (typeof field === "string") return invalid(topic, `its ${what} ${illFormed}`);
  const advice =
    field === undefined
      ? "give null if there is none"
      : "give text, a Uint8Array or null, or the producer a serde for it";
  return invalid(topic, `its ${what} is ${shown(field)}; ${advice}`);
}

function invalid(topic: string, what: string): ClusterError {
  return new ClusterError("RECORD_INVALID", `a record for ${topic} cannot be sent: ${what}`);
}
