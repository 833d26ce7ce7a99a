import { deserializeWith, keyPlace } from "@millrace/serde";

import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import type { TableView, ValueGetter } from "../../../processor/value-getter.ts";
import { pseudoTopic, type ForeignKeyJoin } from "./foreign-key-join.ts";
import { instructions, type Response, type Subscription } from "./subscription.ts";

/** Answers a subscription with the row that the right table has now (Kafka: `SubscriptionJoinProcessorSupplier`). */
export class SubscriptionAnswerer implements Processor {
  readonly #join: ForeignKeyJoin;
  readonly #right: TableView;
  #context: ProcessorContext | undefined;
  #rows: ValueGetter | undefined;

  constructor(join: ForeignKeyJoin, right: TableView) {
    this.#join = join;
    this.#right = right;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#rows = this.#right.open(context);
  }

  process(record: StreamRecord): void {
    const rows = this.#rows;
    const { instruction, hash, primaryKey, primaryPartition } = record.value as Subscription;
    if (rows === undefined) return;
    // Kafka looks in any case: a cache has the row then, and a callback is called.
    const found = record.hasNullKey ? null : rows.get(record.key);
    if (instruction === instructions.deleteInSilence) return;
    if (found === null && instruction === instructions.answerIfFound) return;
    const timestamp =
      found === null ? record.timestamp : Math.max(record.timestamp, rows.timestamp);
    const value = instruction === instructions.deleteAndAnswer ? null : found;
    const topic = pseudoTopic(this.#join, this.#context?.applicationId ?? "", "pk");
    const key = deserializeWith(this.#join.primaryKeySerde, primaryKey, topic, keyPlace);
    const response: Response = { hash, value, primaryPartition };
    this.#context?.forward(record.withKeyAndValue(key, response).withTimestamp(timestamp));
  }
}
