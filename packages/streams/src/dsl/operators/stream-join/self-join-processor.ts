import type { Timestamp } from "@millrace/model";
import type { JoinWindowStore } from "@millrace/state";

import { requireValue } from "../../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import { sizeOf } from "./join-window.ts";
import { reachOf, type Reach, type StreamsJoin } from "./streams-join.ts";

/**
 * A join of a stream with itself on one store (Kafka: `KStreamKStreamSelfJoin`): results come in the order in which the
 * join with two stores gives them. As in Kafka, each record meets itself, whatever the window.
 */
export class SelfJoinProcessor implements Processor {
  readonly #join: StreamsJoin;
  #context: ProcessorContext | undefined;
  #store: JoinWindowStore<unknown, unknown> | undefined;
  #streamTime: Timestamp = -1;

  constructor(join: StreamsJoin) {
    this.#join = join;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#store = context.store(this.#join.stores.left);
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    const store = this.#store;
    if (context === undefined || store === undefined) return;
    if (record.hasNullKey || record.hasNullValue) {
      context.dropRecord("null key or value in a join of streams");
      return;
    }
    const { window } = this.#join;
    const { key, value, timestamp } = record;
    const itself = record.withValue(this.#combine(value, value, key));
    this.#streamTime = Math.max(this.#streamTime, timestamp);
    const retentionMs = sizeOf(window) + window.graceMs;
    let isItselfDue = timestamp > this.#streamTime - retentionMs + 1;
    using newer = this.#near(record, reachOf("left", window), store);
    while (newer.next())
      context.forward(at(newer.time, record.withValue(this.#combine(value, newer.value, key))));
    using older = this.#near(record, reachOf("right", window), store);
    while (older.next()) {
      if (isItselfDue && older.time > timestamp) {
        isItselfDue = false;
        context.forward(itself);
      }
      context.forward(at(older.time, record.withValue(this.#combine(older.value, value, key))));
    }
    if (isItselfDue) context.forward(itself);
  }

  #near(
    { key, timestamp }: StreamRecord,
    { beforeMs, afterMs }: Reach,
    store: JoinWindowStore<unknown, unknown>,
  ) {
    const from = Math.max(0, timestamp - beforeMs);
    return store.fetchRange(key, { from, to: Math.max(0, timestamp + afterMs) });
  }

  #combine(left: unknown, right: unknown, key: unknown): unknown {
    const { joiner, operator } = this.#join;
    return requireValue(joiner(left, right, key), operator);
  }
}

/** With the newer of both times. */
function at(time: Timestamp, record: StreamRecord): StreamRecord {
  return time > record.timestamp ? record.withTimestamp(time) : record;
}
