import type { Headers, Timestamp, Window } from "@millrace/model";

import type { ChangeFeed } from "./change-feed.ts";
import type { Position } from "./position.ts";
import type { QueryOptions } from "./query-options.ts";
import type { AnswerRow, Question } from "./question.ts";
import { Rows } from "./rows.ts";
import { patiently, type StoreCodec } from "./store-codec.ts";
import type { StoreReader } from "./store-reader.ts";

/** What a key has in a store. */
export interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
  /** Of its last update; -1: the store keeps none. */
  readonly timestamp: Timestamp;
  /** Of a store with headers; others keep none. */
  readonly headers: Headers;
}

/** A value, and what the answer is of. */
export interface Lookup<V> extends Omit<Entry<unknown, V | null>, "key"> {
  readonly partition: number;
  readonly position: Position;
  /** True: a copy has answered. */
  readonly isStandby: boolean;
}

export interface QueriesParts<K, V> {
  readonly reader: StoreReader;
  readonly codec: StoreCodec<K, V>;
  readonly feed: ChangeFeed<K, V>;
  /** The same store, asked otherwise. */
  readonly again: (options: QueryOptions) => QueriesParts<K, V>;
}

/** What the queries of all kinds of stores have. */
export abstract class StoreQueries<K, V> {
  protected readonly parts: QueriesParts<K, V>;

  constructor(parts: QueriesParts<K, V>) {
    this.parts = parts;
  }

  protected async lookUp(
    key: K,
    questionOf: (key: Uint8Array) => Question,
  ): Promise<Lookup<V> & { readonly row: AnswerRow | undefined }> {
    const { reader, codec } = this.parts;
    const bytes = await codec.encodeKey(key);
    const partition = await reader.partitionOf(bytes);
    const { head, rows } = await reader.whole(partition, questionOf(bytes));
    const [row] = rows;
    const { position, isStandby } = head;
    const at = { partition, position, isStandby, row };
    if (row === undefined) return { ...at, value: null, timestamp: -1, headers: [] };
    const { timestamp, headers } = row;
    const value = await patiently(() => codec.decodeValue(row.value, headers));
    return { ...at, value, timestamp, headers };
  }

  protected rowsOfKey<Row>(
    key: K,
    questionOf: (key: Uint8Array) => Question,
    decode: (row: AnswerRow) => Row,
  ): Rows<Row> {
    const { reader, codec } = this.parts;
    const bytes = (): Promise<Uint8Array> => codec.encodeKey(key);
    return new Rows({
      reader,
      partition: async () => reader.partitionOf(await bytes()),
      question: async () => questionOf(await bytes()),
      decode,
    });
  }

  protected rows<Row>(
    question: () => Promise<Question>,
    decode: (row: AnswerRow) => Row,
  ): Rows<Row> {
    return new Rows({ reader: this.parts.reader, partition: undefined, question, decode });
  }

  protected async bytesOf(key: K | null): Promise<Uint8Array | null> {
    return key === null ? null : this.parts.codec.encodeKey(key);
  }

  protected entryOf<Key>(key: Key, { value, timestamp, headers }: AnswerRow): Entry<Key, V> {
    return { key, value: this.parts.codec.decodeValue(value, headers), timestamp, headers };
  }
}

/** Of a row of windows or sessions. */
export function windowOf({ window = { start: -1, end: -1 } }: AnswerRow): Window {
  return window;
}
