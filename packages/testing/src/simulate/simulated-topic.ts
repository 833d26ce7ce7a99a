import type { Headers, Offset, Timestamp } from "@millrace/model";
import { deserializeWith, placeOf } from "@millrace/serde";

import { outputTable } from "../output-table.ts";
import type { TopicSerdes } from "./plan/simulated-input.ts";

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
