import { toMilliseconds, type Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import { joinBuffer, windowStore, type JoinBuffer, type WindowStore } from "@millrace/state";

import { operatorPlan, type OperatorPlan } from "../../plan/plan-node.ts";
import { requireValue } from "../../processor/callback-result.ts";
import { ObservedTime } from "../../processor/observed-time.ts";
import type { RowJoiner } from "../../processor/joined-view.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import { StreamRecord } from "../../processor/stream-record.ts";
import { requireSerde, type NamedOptions, type StreamNode } from "../stream-node.ts";
import { addedStore, type AddedStore, type AddedStoreOption } from "./added-store.ts";
import { repartitionedForJoin } from "./repartition.ts";

export type AsOfJoinNodeOptions = NamedOptions & {
  readonly tolerance: Duration;
  readonly grace?: Duration;
  readonly key?: Serde<unknown>;
  readonly left?: Serde<unknown>;
  readonly right?: Serde<unknown>;
  readonly value?: Serde<unknown>;
  readonly store?: AddedStoreOption;
};

const prefix = "KSTREAM-ASOFJOIN-";

/** `KStream.asOfJoin`: an addition of ours. */
export function joinAsOf(
  given: { readonly left: StreamNode; readonly right: StreamNode },
  joiner: RowJoiner,
  options: AsOfJoinNodeOptions,
): StreamNode {
  const { recorder } = given.left;
  const { naming } = recorder;
  const toleranceMs = toMilliseconds(options.tolerance, "tolerance of asOfJoin");
  const graceMs = toMilliseconds(options.grace ?? 0, "grace of asOfJoin");
  const serdes = {
    key: requireSerde(options.key ?? given.left.keySerde, "key", "asOfJoin"),
    left: options.left ?? given.left.valueSerde,
    right: requireSerde(options.right ?? given.right.valueSerde, "right", "asOfJoin"),
  };
  const repartitioned = (side: "left" | "right"): StreamNode =>
    repartitionedForJoin(given[side], "asOfJoin", {
      ...(options.name === undefined ? {} : { name: `${options.name}-${side}` }),
      key: options.key ?? given[side].keySerde ?? serdes.key,
      ...(serdes[side] === undefined ? {} : { left: serdes[side] }),
    });
  const left = repartitioned("left");
  const right = repartitioned("right");
  const keeping = naming.nodeOr(options.name, prefix, "-other");
  const name = naming.nodeOr(options.name, prefix);
  const store = addedStore(recorder, prefix, options);
  const buffer = graceMs === 0 ? undefined : `${store.name}-waiting`;
  if (buffer !== undefined && !store.isNamedByUser) naming.noteGenerated(buffer);
  const kept = keepingPlan(keeping, store, {
    buffer,
    key: serdes.key,
    value: serdes.right,
    retentionMs: toleranceMs + graceMs + 1,
  });
  const sources = [...new Set([...left.sources, ...right.sources])];
  const plan = operatorPlan({
    name,
    lower: (topology, all) => {
      const parts: AsOfJoin = { store: store.name, buffer, joiner, toleranceMs };
      // The node that keeps the other side is above so that it stands first, and gives it nothing.
      const parents = all.filter((parent) => parent !== keeping);
      topology.addProcessor({ name, supplier: () => new AsOfJoinProcessor(parts), parents });
      topology.connectStore(name, store.name);
      if (buffer !== undefined) {
        const value = requireSerde(serdes.left, "left", "asOfJoin");
        const { logging } = store;
        const options = { name: buffer, key: serdes.key, value, logging, grace: graceMs };
        topology.addStore(joinBuffer<unknown, unknown>(options), [name, keeping]);
      }
      topology.copartition(sources);
    },
  });
  recorder.add([right.plan], kept);
  recorder.add([left.plan, kept], plan);
  const valueSerde = options.value;
  return { recorder, plan, keySerde: serdes.key, valueSerde, needsRepartition: false, sources };
}

interface KeptRecords {
  /** Of the records that wait for these; undefined: none does. */
  readonly buffer: string | undefined;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  readonly retentionMs: number;
}

function keepingPlan(name: string, store: AddedStore, kept: KeptRecords): OperatorPlan {
  return operatorPlan({
    name,
    lower: (topology, parents) => {
      const stores = { records: store.name, buffer: kept.buffer };
      topology.addProcessor({ name, supplier: () => new KeepingProcessor(stores), parents });
      const specification = windowStore<unknown, unknown>({
        name: store.name,
        key: kept.key,
        value: kept.value,
        windowSize: 1,
        retention: kept.retentionMs,
        caching: false,
        logging: store.logging,
        engine: store.engine ?? topology.storeDefaults.engine,
      });
      topology.addStore(specification, [name]);
    },
  });
}

/**
 * Keeps the records of the right side by key and time: of one time the last. Before a record makes older ones be forgotten,
 * those that wait for them on the left side leave.
 */
class KeepingProcessor implements Processor {
  readonly #stores: { readonly records: string; readonly buffer: string | undefined };
  #context: ProcessorContext | undefined;
  #records: WindowStore<unknown, unknown> | undefined;
  #buffer: JoinBuffer<unknown, unknown> | undefined;
  #streamTime: ObservedTime | undefined;

  constructor(stores: { readonly records: string; readonly buffer: string | undefined }) {
    this.#stores = stores;
  }

  init(context: ProcessorContext): void {
    const { records, buffer } = this.#stores;
    this.#context = context;
    this.#records = context.store<WindowStore<unknown, unknown>>(records);
    if (buffer === undefined) return;
    this.#buffer = context.store<JoinBuffer<unknown, unknown>>(buffer);
    this.#streamTime = new ObservedTime(context, buffer);
    this.#buffer.advance(this.#streamTime.now);
  }

  process(record: StreamRecord): void {
    if (record.hasNullKey || record.hasNullValue) {
      this.#context?.dropRecord("null key or value in an as-of join");
      return;
    }
    const { timestamp } = record;
    if (this.#streamTime !== undefined) {
      this.#buffer?.advance(this.#streamTime.observe(timestamp));
      this.#buffer?.takeDue();
    }
    this.#records?.put(record.key, record.value as object, timestamp);
  }
}

interface AsOfJoin {
  readonly store: string;
  /** Where records wait for what comes late; undefined: they do not. */
  readonly buffer: string | undefined;
  readonly joiner: RowJoiner;
  readonly toleranceMs: number;
}

/** Joins each record with the last one of the other side that is not younger. */
class AsOfJoinProcessor implements Processor {
  readonly #join: AsOfJoin;
  #context: ProcessorContext | undefined;
  #records: WindowStore<unknown, unknown> | undefined;
  #buffer: JoinBuffer<unknown, unknown> | undefined;

  constructor(join: AsOfJoin) {
    this.#join = join;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#records = context.store<WindowStore<unknown, unknown>>(this.#join.store);
    if (this.#join.buffer === undefined) return;
    this.#buffer = context.store<JoinBuffer<unknown, unknown>>(this.#join.buffer);
    this.#buffer.onDue((key, value, due) => {
      const waited = new StreamRecord(key, value, due.timestamp, due.headers);
      context.processWaiting(waited, (record) => context.forward(this.#joined(record)), due);
    });
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    if (record.hasNullKey || record.hasNullValue) {
      context?.dropRecord("null key or value in an as-of join");
      return;
    }
    const buffer = this.#buffer;
    if (buffer?.put(record.key, record.value, record.timestamp) === true) buffer.takeDue();
    else context?.forward(this.#joined(record));
  }

  #joined(record: StreamRecord): StreamRecord {
    const { joiner, toleranceMs } = this.#join;
    const { key, timestamp } = record;
    const from = Math.max(0, timestamp - toleranceMs);
    using rows = this.#records?.fetchRange(key, { from, to: timestamp, reverse: true });
    const right = rows?.next() === true ? rows.value : null;
    return record.withValue(requireValue(joiner(record.value, right, key), "asOfJoin"));
  }
}
