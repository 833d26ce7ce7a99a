import { noHeaders, type Headers, type Timestamp } from "@millrace/model";
import type { RecordMetadata, RecordTap, StreamRecord } from "@millrace/streams";

type RecordContext = Parameters<RecordTap["take"]>[1];

/**
 * A record that a subscriber is given. Key and value are what the processors of the application were given: they are not
 * copied, and no store is changed by whoever changes them.
 */
export interface ObservedRecord<K, V> {
  readonly key: K;
  /** Of a table: null where the key was deleted. */
  readonly value: V;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  /** The record of a topic that it came of; undefined where a timer made it. */
  readonly metadata: RecordMetadata | undefined;
  /** How many records were left out for this subscriber directly before it, by `drop` or `sample`. */
  readonly missed: number;
}

export class TakenRecord implements ObservedRecord<unknown, unknown> {
  readonly key: unknown;
  readonly value: unknown;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  readonly metadata: RecordMetadata | undefined;
  missed = 0;

  constructor(record: StreamRecord, { topic, partition, offset }: RecordContext) {
    this.key = record.key;
    this.value = record.value;
    this.timestamp = record.timestamp;
    this.headers = copyOf(record.headers);
    this.metadata = topic === null ? undefined : { topic, partition, offset };
  }
}

/** Theirs are views, which do not hold for long. */
function copyOf(headers: Headers): Headers {
  if (headers.length === 0) return noHeaders;
  return headers.map(([name, bytes]) => [name, bytes?.slice() ?? null] as const);
}
