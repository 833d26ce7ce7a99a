import { noBytes } from "@millrace/model";
import { keyPlace } from "@millrace/serde";
import type { TimestampedKeyValueStore } from "@millrace/state";

import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import { pseudoTopics, type ForeignKeyJoin } from "./foreign-key-join.ts";
import { combinedKey, instructions, type Subscription } from "./subscription.ts";

/** Keeps who wants to know of a key (Kafka: `SubscriptionReceiveProcessorSupplier`). */
export class SubscriptionReceiver implements Processor {
  readonly #join: ForeignKeyJoin;
  #context: ProcessorContext | undefined;
  #store: TimestampedKeyValueStore<Uint8Array, Subscription> | undefined;
  #topic = "";

  constructor(join: ForeignKeyJoin) {
    this.#join = join;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#store = context.store(this.#join.store.name);
    this.#topic = pseudoTopics(this.#join, context.applicationId).fk;
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    if (context === undefined || this.#store === undefined) return;
    if (record.hasNullValue) {
      context.dropRecord("a subscription without a value in a foreign-key join");
      return;
    }
    const subscription = record.value as Subscription;
    const { instruction, primaryKey } = subscription;
    if (record.hasNullKey && instruction !== instructions.answerAlways) {
      context.dropRecord("null foreign key in a join");
      return;
    }
    if (!record.hasNullKey) {
      const { foreignKeySerde } = this.#join;
      const foreignKey = record.keyBytes(foreignKeySerde, this.#topic, keyPlace) ?? noBytes;
      const key = combinedKey(foreignKey, primaryKey);
      const isDeleted =
        instruction === instructions.deleteInSilence ||
        instruction === instructions.deleteAndAnswer;
      if (isDeleted) this.#store.delete(key);
      else {
        const { timestamp, headers } = record;
        this.#store.put(key, { value: subscription, timestamp, headers });
      }
    }
    context.forward(record);
  }
}
