import { noBytes } from "@millrace/model";
import { bytes, deserializeWith, keyPlace } from "@millrace/serde";
import type { TimestampedKeyValueStore } from "@millrace/state";

import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import { pseudoTopics, type ForeignKeyJoin, type PseudoTopics } from "./foreign-key-join.ts";
import { combinedKey, primaryKeyOf, responseTo, type Subscription } from "./subscription.ts";

/** Tells all who want to know of a key that it has changed (Kafka: `ForeignTableJoinProcessorSupplier`). */
export class ForeignChangeSender implements Processor {
  readonly forwardsNewRecords = true;
  readonly #join: ForeignKeyJoin;
  readonly #latestOnly: boolean;
  #context: ProcessorContext | undefined;
  #store: TimestampedKeyValueStore<Uint8Array, Subscription> | undefined;
  #topics: PseudoTopics | undefined;

  /** @param latestOnly true: the table has versions, of which the latest alone counts */
  constructor(join: ForeignKeyJoin, latestOnly: boolean) {
    this.#join = join;
    this.#latestOnly = latestOnly;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#store = context.store(this.#join.store.name);
    this.#topics = pseudoTopics(this.#join, context.applicationId);
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    const topics = this.#topics;
    if (context === undefined || this.#store === undefined || topics === undefined) return;
    if (record.hasNullKey) {
      context.dropRecord("null key in a join of tables");
      return;
    }
    if (this.#latestOnly && !record.isLatest) {
      context.dropRecord("an older version of a row in a join of tables", "info");
      return;
    }
    const { foreignKeySerde, foreignValueSerde, primaryKeySerde } = this.#join;
    const prefix = combinedKey(record.keyBytes(foreignKeySerde, topics.fk, keyPlace) ?? noBytes);
    const written = record.valueBytesAsRead(foreignValueSerde);
    for (const { key, value } of this.#store.prefixScan(prefix, bytes())) {
      const response = responseTo(
        value.value,
        foreignValueSerde,
        written === null ? { value: record.value ?? null } : { value: null, bytes: written },
      );
      const primaryKey = deserializeWith(primaryKeySerde, primaryKeyOf(key), topics.pk, keyPlace);
      context.forward(record.withKeyAndValue(primaryKey, response));
    }
  }
}
