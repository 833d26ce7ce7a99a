import { equalBytes, murmur3 } from "@millrace/model";
import { serializeWith, valuePlace } from "@millrace/serde";

import { requireValue } from "../../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import type { TableView, ValueGetter } from "../../../processor/value-getter.ts";
import { pseudoTopics, type ForeignKeyJoin } from "./foreign-key-join.ts";
import type { Response } from "./subscription.ts";

/**
 * Joins an answer with the row of the left table that asked, unless that has changed since: then another answer is on
 * its way (Kafka: `ResponseJoinProcessorSupplier`).
 */
export class ResponseResolver implements Processor {
  readonly forwardsNewRecords = true;
  readonly #join: ForeignKeyJoin;
  readonly #left: TableView;
  #context: ProcessorContext | undefined;
  #rows: ValueGetter | undefined;
  #topic = "";

  constructor(join: ForeignKeyJoin, left: TableView) {
    this.#join = join;
    this.#left = left;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#rows = this.#left.open(context);
    this.#topic = pseudoTopics(this.#join, context.applicationId).vh;
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    if (context === undefined || this.#rows === undefined) return;
    if (record.hasNullValue) {
      context.dropRecord("an answer without a value in a foreign-key join");
      return;
    }
    const { hash, value } = record.value as Response;
    const row = this.#rows.get(record.key);
    if (!this.#isOf(hash, row)) {
      // The row's later version has asked, too: its answer comes, or has come.
      context.dropRecord(
        "an answer for a row that has changed since, in a foreign-key join",
        "debug",
      );
      return;
    }
    const { operator, joiner } = this.#join;
    const isGone = value === null && (operator === "join" || row === null);
    const joined = isGone ? null : requireValue(joiner(row, value, record.key), operator);
    context.forward(record.withValue(joined));
  }

  /**
   * Whether the hash is that of the row that was looked up. A row that came back from a topic may lie otherwise than when
   * it asked, or than Kafka's own programs, which write each anew, have asked for it.
   */
  #isOf(hash: Uint8Array | null, row: unknown): boolean {
    if (hash === null || row === null || row === undefined) return hash === (row ?? null);
    const { primaryValueSerde: serde } = this.#join;
    const stored = this.#rows?.bytesOf?.(serde);
    if (stored && equalBytes(hash, murmur3(stored))) return true;
    return equalBytes(hash, murmur3(serializeWith(serde, row, this.#topic, valuePlace)));
  }
}
