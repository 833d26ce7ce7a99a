import type { Serde } from "@millrace/serde";
import type { JoinWindowStore } from "@millrace/state";

import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";

/**
 * Keeps each record for those of the other side that are still to come (Kafka: `KStreamJoinWindow`): after it was joined,
 * so that it never meets itself.
 */
export class WindowedProcessor implements Processor {
  readonly #storeName: string;
  readonly #valueSerde: Serde<unknown>;
  #copy = new Uint8Array(0);
  #context: ProcessorContext | undefined;
  #store: JoinWindowStore<unknown, unknown> | undefined;

  constructor(storeName: string, valueSerde: Serde<unknown>) {
    this.#storeName = storeName;
    this.#valueSerde = valueSerde;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#store = context.store(this.#storeName);
  }

  process(record: StreamRecord): void {
    const store = this.#store;
    if (store === undefined) return;
    const early = record.hasNullKey ? undefined : this.#valueBefore(record, store);
    this.#context?.forward(record);
    if (record.hasNullKey) return;
    const value = early ?? (record.hasNullValue ? null : store.encode(record.value));
    store.putEncoded(record.key, value, record.timestamp);
  }

  /**
   * The value's bytes as they are before joiners, and operators below, may change it. Undefined: it is null, or cannot be
   * written, which is told after the join, as in Kafka.
   */
  #valueBefore(record: StreamRecord, store: JoinWindowStore<unknown, unknown>) {
    const read = record.valueBytesAsRead(this.#valueSerde);
    if (read !== null) return this.#copyOf(read);
    if (record.hasNullValue) return undefined;
    try {
      return store.encode(record.value);
    } catch {
      return undefined;
    }
  }

  /** In one place for all records: none comes here while another one is under way. */
  #copyOf(bytes: Uint8Array): Uint8Array {
    if (this.#copy.length < bytes.length) this.#copy = new Uint8Array(2 * bytes.length);
    this.#copy.set(bytes);
    return this.#copy.subarray(0, bytes.length);
  }
}
