import { deserializeWith, keyPlace } from "@millrace/serde";

import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import type { TableView, ValueGetter } from "../../../processor/value-getter.ts";
import { pseudoTopics, type ForeignKeyJoin } from "./foreign-key-join.ts";
import { instructions, responseTo, type Subscription } from "./subscription.ts";

/** Answers a subscription with the row that the right table has now (Kafka: `SubscriptionJoinProcessorSupplier`). */
export class SubscriptionAnswerer implements Processor {
  readonly #join: ForeignKeyJoin;
  readonly #right: TableView;
  #context: ProcessorContext | undefined;
  #rows: ValueGetter | undefined;
  #topic = "";

  constructor(join: ForeignKeyJoin, right: TableView) {
    this.#join = join;
    this.#right = right;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#rows = this.#right.open(context);
    this.#topic = pseudoTopics(this.#join, context.applicationId).pk;
  }

  process(record: StreamRecord): void {
    const rows = this.#rows;
    const subscription = record.value as Subscription;
    const { instruction, primaryKey } = subscription;
    if (rows === undefined) return;
    // Kafka looks in any case: a cache has the row then, and a callback is called.
    const { foreignValueSerde: serde, primaryKeySerde } = this.#join;
    const bytes = record.hasNullKey ? null : rows.getBytes?.(record.key, serde);
    const value = bytes === undefined ? rows.get(record.key) : null;
    const isFound = value !== null || (bytes !== undefined && bytes !== null);
    if (instruction === instructions.deleteInSilence) return;
    if (!isFound && instruction === instructions.answerIfFound) return;
    const timestamp = isFound ? Math.max(record.timestamp, rows.timestamp) : record.timestamp;
    const isGone = instruction === instructions.deleteAndAnswer;
    const key = deserializeWith(primaryKeySerde, primaryKey, this.#topic, keyPlace);
    const response = isGone
      ? responseTo(subscription, serde, { value: null })
      : responseTo(subscription, serde, { value, bytes });
    this.#context?.forward(record.withKeyAndValue(key, response).withTimestamp(timestamp));
  }
}
