import { equalBytes, murmur3, noBytes } from "@millrace/model";
import { keyPlace, serializeWith, valuePlace } from "@millrace/serde";

import { requireValue } from "../../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import { pseudoTopics, type ForeignKeyJoin, type PseudoTopics } from "./foreign-key-join.ts";
import { copyOf, instructions, type Instruction } from "./subscription.ts";

/** Tells the right side which of its keys a changed row of the left points to (Kafka: `SubscriptionSendProcessorSupplier`). */
export class SubscriptionSender implements Processor {
  readonly forwardsNewRecords = true;
  readonly #join: ForeignKeyJoin;
  readonly #latestOnly: boolean;
  #context: ProcessorContext | undefined;
  #topics: PseudoTopics | undefined;

  /** @param latestOnly true: the table has versions, of which the latest alone counts */
  constructor(join: ForeignKeyJoin, latestOnly: boolean) {
    this.#join = join;
    this.#latestOnly = latestOnly;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#topics = pseudoTopics(this.#join, context.applicationId);
  }

  process(record: StreamRecord): void {
    if (this.#latestOnly && !record.isLatest) {
      this.#context?.dropRecord("an older version of a row in a join of tables", "info");
      return;
    }
    const next = record.value ?? null;
    const old = record.oldValue ?? null;
    const foreignKey = this.#extract(next, record.key);
    const oldKey = this.#extract(old, record.key);
    if (this.#join.operator === "leftJoin") {
      if (next === null && old === null) return;
      if (oldKey !== null && this.#isOther(foreignKey, oldKey))
        this.#send(record, oldKey, instructions.deleteInSilence);
      this.#send(record, foreignKey, instructions.answerAlways);
      return;
    }
    if (foreignKey !== null) this.#subscribe(record, foreignKey, oldKey);
    else {
      if (next !== null) this.#context?.dropRecord("null foreign key in a join");
      if (oldKey !== null) this.#send(record, oldKey, instructions.deleteAndAnswer);
    }
  }

  /** Of an inner join. */
  #subscribe(record: StreamRecord, foreignKey: unknown, oldKey: unknown): void {
    if (oldKey === null || !this.#isOther(foreignKey, oldKey)) {
      this.#send(record, foreignKey, instructions.answerIfFound);
      return;
    }
    this.#send(record, oldKey, instructions.deleteInSilence);
    this.#send(record, foreignKey, instructions.answerAlways);
  }

  #extract(value: unknown, key: unknown): unknown {
    if (value === null) return null;
    return requireValue(this.#join.extractor(value, key), `foreignKey of ${this.#join.operator}`);
  }

  #isOther(foreignKey: unknown, oldKey: unknown): boolean {
    if (!isThere(foreignKey) || !isThere(oldKey)) return true;
    const { foreignKeySerde } = this.#join;
    const topic = this.#topic("fk");
    const before = serializeWith(foreignKeySerde, oldKey, topic, keyPlace);
    return !equalBytes(before, serializeWith(foreignKeySerde, foreignKey, topic, keyPlace));
  }

  #send(record: StreamRecord, foreignKey: unknown, instruction: Instruction): void {
    const { primaryKeySerde, primaryValueSerde } = this.#join;
    const value = record.value ?? null;
    const hash =
      value === null
        ? null
        : murmur3(record.valueBytes(primaryValueSerde, this.#topic("vh"), valuePlace) ?? noBytes);
    const keyBytes = record.keyBytes(primaryKeySerde, this.#topic("pk"), keyPlace) ?? noBytes;
    const primaryKey = copyOf(keyBytes, 0, keyBytes.length);
    const primaryPartition = this.#context?.recordMetadata?.partition ?? null;
    this.#context?.forward(
      record.withKeyAndValue(foreignKey, { hash, instruction, primaryKey, primaryPartition }),
    );
  }

  #topic(suffix: keyof PseudoTopics): string {
    return this.#topics?.[suffix] ?? "";
  }
}

function isThere(key: unknown): key is {} {
  return key !== null && key !== undefined;
}
