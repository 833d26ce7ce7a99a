import {
  decodeVersioned,
  encodeVersioned,
  type Decoded,
  type Given,
  type Message,
} from "@millrace/protocol";
import {
  decodeRecordKey,
  encodeRecordKey,
  recordTypeOf,
  type CoordinatorRecordKind,
} from "@millrace/protocol/definitions";
import type { LogRecord } from "./coordinator-log.ts";
import type { CoordinatorRecordCodec, RecordOrigin } from "./coordinator-shard.ts";

/** A record of a coordinator's topic. */
export interface CoordinatorRecord {
  /** Of its key (Kafka: `apiKey` of the schema). */
  readonly type: number;
  readonly key: unknown;
  /** Null forgets. */
  readonly value: unknown;
  encode(): LogRecord;
}

/** One kind of record: makes records, and reads them back. */
export class RecordKind<Key extends Message = Message, Value extends Message = Message> {
  readonly schema: CoordinatorRecordKind<Key, Value>;
  readonly #version: (value: Decoded<Value>) => number;

  /** `version` is what a value is written in. */
  constructor(
    schema: CoordinatorRecordKind<Key, Value>,
    version: number | ((value: Decoded<Value>) => number),
  ) {
    this.schema = schema;
    this.#version = typeof version === "number" ? () => version : version;
  }

  record(key: Decoded<Key>, value: Decoded<Value> | null): CoordinatorRecord {
    const { schema } = this;
    return {
      type: schema.type,
      key,
      value,
      // What can be decoded can be given: its fields are all there.
      encode: () => ({
        key: encodeRecordKey(schema, key as Given<Key>),
        value:
          value === null
            ? null
            : encodeVersioned(schema.value, this.#version(value), value as Given<Value>),
      }),
    };
  }

  /** Bytes in it belong to the log. */
  decode({ key, value }: LogRecord): CoordinatorRecord {
    const { schema } = this;
    const decoded = value === null ? null : decodeVersioned(schema.value, value);
    return this.record(decodeRecordKey(schema, key), decoded as Decoded<Value> | null);
  }

  /** What a record of this kind does to the state. */
  replayedBy<State>(
    replay: (
      state: State,
      key: Decoded<Key>,
      value: Decoded<Value> | null,
      origin: RecordOrigin,
    ) => void,
  ): RecordReplay<State> {
    return {
      type: this.schema.type,
      decode: (record) => this.decode(record),
      // The table hands over records of this kind alone.
      replay: (state, { key, value }, origin) =>
        replay(state, key as Decoded<Key>, value as Decoded<Value> | null, origin),
    };
  }
}

export interface RecordReplay<State> {
  readonly type: number;
  decode(record: LogRecord): CoordinatorRecord;
  replay(state: State, record: CoordinatorRecord, origin: RecordOrigin): void;
}

/** The kinds that a coordinator keeps, by the type in a record's key; others are passed over. */
export class RecordTable<State> implements CoordinatorRecordCodec<CoordinatorRecord> {
  readonly #rows: ReadonlyMap<number, RecordReplay<State>>;

  constructor(rows: readonly RecordReplay<State>[]) {
    this.#rows = new Map(rows.map((row) => [row.type, row]));
  }

  encode(record: CoordinatorRecord): LogRecord {
    return record.encode();
  }

  decode(record: LogRecord): CoordinatorRecord | undefined {
    return this.#rows.get(recordTypeOf(record.key))?.decode(record);
  }

  replay(state: State, record: CoordinatorRecord, origin: RecordOrigin): void {
    this.#rows.get(record.type)?.replay(state, record, origin);
  }
}
