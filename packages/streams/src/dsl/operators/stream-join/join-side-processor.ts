import type { JoinWindowStore, ListValueStore } from "@millrace/state";

import { requireValue } from "../../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import { StreamRecord } from "../../../processor/stream-record.ts";
import { JoinClock } from "./join-clock.ts";
import {
  reachOf,
  type JoinSide,
  type Reach,
  type StreamsJoin,
  type StreamsJoinOperator,
} from "./streams-join.ts";
import {
  isSameKey,
  type StoredUnmatchedKey,
  type UnmatchedKey,
  type UnmatchedValue,
} from "./unmatched.ts";

type UnmatchedStore = ListValueStore<UnmatchedKey, UnmatchedValue>;

/**
 * Joins each record of one side with those of the other that are near enough in time (Kafka: `KStreamKStreamJoin`). What
 * meets nobody waits until nobody can come any more, by the time of both sides.
 *
 * ```
 *  record --> some of the other side near it? -- yes --> results; those no longer wait
 *                      | no
 *                      v
 *             may one still come? -- no ---------------> result with null
 *                      | yes
 *                      v
 *                    waits ---- time passes, grace ----> result with null, before those of the record that moved time
 * ```
 */
export class JoinSideProcessor implements Processor {
  readonly #join: StreamsJoin;
  readonly #side: JoinSide;
  readonly #reach: Reach;
  /** True: records of this side that meet nobody give a result. */
  readonly #isOuter: boolean;
  #context: ProcessorContext | undefined;
  #others: JoinWindowStore<unknown, unknown> | undefined;
  #unmatched: UnmatchedStore | undefined;
  #clock = new JoinClock(0);

  constructor(join: StreamsJoin, side: JoinSide) {
    this.#join = join;
    this.#side = side;
    this.#reach = reachOf(side, join.window);
    this.#isOuter = isOuter(side, join.operator);
  }

  init(context: ProcessorContext): void {
    const { stores, unmatched } = this.#join;
    this.#context = context;
    this.#others = context.store(stores[this.#side === "left" ? "right" : "left"]);
    this.#unmatched = unmatched === undefined ? undefined : context.store(unmatched);
    this.#clock = context.taskScope.shared(
      this.#join,
      () => new JoinClock(context.taskScope.emitIntervalMs),
    );
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    const others = this.#others;
    if (context === undefined || others === undefined) return;
    const clock = this.#clock;
    clock.advance(record.timestamp);
    if (record.hasNullKey || record.hasNullValue) {
      if (this.#isOuter && !record.hasNullValue) context.forward(this.#alone(record));
      else context.dropRecord("null key or value in a join of streams");
      return;
    }
    if (this.#unmatched !== undefined && record.timestamp === clock.streamTime)
      this.#emitClosed(record, this.#unmatched, context);
    if (this.#emitMatches(record, others, context) || !this.#isOuter) return;
    if (this.#unmatched === undefined || this.#latestOf(record) < clock.streamTime)
      context.forward(this.#alone(record));
    else this.#keep(record, this.#unmatched);
  }

  /** False: there are none. */
  #emitMatches(
    record: StreamRecord,
    others: JoinWindowStore<unknown, unknown>,
    context: ProcessorContext,
  ): boolean {
    const { key, value, timestamp } = record;
    const from = Math.max(0, timestamp - this.#reach.beforeMs);
    using found = others.fetchRange(key, { from, to: this.#latestOf(record) });
    let hasMet = false;
    while (found.next()) {
      hasMet = true;
      const time = found.time;
      this.#forgetUnmatched({ timestamp: time, isLeft: this.#side === "right", key });
      const joined = record.withValue(this.#combine(value, found.value, key));
      context.forward(time > timestamp ? joined.withTimestamp(time) : joined);
    }
    return hasMet;
  }

  /** The other one has met somebody, and all that came with its key at its time. */
  #forgetUnmatched(other: UnmatchedKey): void {
    const store = this.#unmatched;
    if (store !== undefined && store.get(other).length > 0) store.delete(other);
  }

  #keep(record: StreamRecord, store: UnmatchedStore): void {
    const { key, value, timestamp } = record;
    const isLeft = this.#side === "left";
    this.#clock.noteWaiting(timestamp);
    store.add({ timestamp, isLeft, key }, { isLeft, value });
  }

  /** Those that nobody can meet any more leave, oldest first, with the headers of the record that moved the time. */
  #emitClosed({ headers }: StreamRecord, store: UnmatchedStore, context: ProcessorContext): void {
    const clock = this.#clock;
    const { graceMs } = this.#join.window;
    if (!clock.mayHaveDue(this.#reach.afterMs + graceMs)) return;
    if (!clock.looks.take(context.currentSystemTimeMs())) return;
    clock.hasLooked = true;
    clock.oldestWaiting = Infinity;
    const mayStillMeet = { left: false, right: false };
    let emitted: StoredUnmatchedKey | undefined;
    using waiting = store.all();
    while (waiting.next()) {
      const key = waiting.key as StoredUnmatchedKey; // as its serde gives it
      const side = key.isLeft ? "left" : "right";
      clock.oldestWaiting = key.timestamp;
      if (mayStillMeet.left && mayStillMeet.right) break;
      const { afterMs } = reachOf(side, this.#join.window);
      if (key.timestamp + afterMs + graceMs >= clock.streamTime) {
        mayStillMeet[side] = true;
        continue;
      }
      const { value } = waiting;
      const alone = new StreamRecord(key.key, value.value, key.timestamp, headers);
      context.processWaiting(alone, () =>
        context.forward(alone.withValue(this.#resultOf(value, key.key))),
      );
      // All values of a key are emitted before they go: what fails in between is emitted again.
      if (emitted !== undefined && !isSameKey(emitted, key)) store.delete(emitted);
      emitted = key;
    }
    if (emitted !== undefined) store.delete(emitted);
  }

  #latestOf({ timestamp }: StreamRecord): number {
    return Math.max(0, timestamp + this.#reach.afterMs);
  }

  /** The record joined with nobody. */
  #alone(record: StreamRecord): StreamRecord {
    const key = record.hasNullKey ? null : record.key;
    return record.withValue(this.#combine(record.value, null, key));
  }

  #combine(own: unknown, other: unknown, key: unknown): unknown {
    const { joiner, operator } = this.#join;
    const result = this.#side === "left" ? joiner(own, other, key) : joiner(other, own, key);
    return requireValue(result, operator);
  }

  #resultOf({ isLeft, value }: UnmatchedValue, key: unknown): unknown {
    const { joiner, operator } = this.#join;
    return requireValue(isLeft ? joiner(value, null, key) : joiner(null, value, key), operator);
  }
}

function isOuter(side: JoinSide, operator: StreamsJoinOperator): boolean {
  return operator === "outerJoin" || (operator === "leftJoin" && side === "left");
}
