import { toMilliseconds, type Duration, type Timestamp } from "@millrace/model";
import { string, type Serde } from "@millrace/serde";
import { windowStore, type WindowStore } from "@millrace/state";

import { operatorPlan } from "../../plan/plan-node.ts";
import { requireValue } from "../../processor/callback-result.ts";
import { ObservedTime } from "../../processor/observed-time.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import { CallbackRecord, type RecordInfo } from "../../processor/record-info.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { requireSerde, type NamedOptions, type StreamNode } from "../stream-node.ts";
import { addedStore, type AddedStoreOption } from "./added-store.ts";
import { repartitionedIfNeeded } from "./repartition.ts";

/** What tells a record from others; null: nothing does, and it passes. */
export type IdSelector = (value: unknown, key: unknown, record: RecordInfo) => unknown;

export type DeduplicateNodeOptions = NamedOptions & {
  readonly within: Duration;
  readonly id: Serde<unknown>;
  readonly key?: Serde<unknown>;
  readonly value?: Serde<unknown>;
  readonly store?: AddedStoreOption;
};

const prefix = "KSTREAM-DEDUPLICATE-";

/** `KStream.deduplicate`: an addition of ours. */
export function deduplicate(
  stream: StreamNode,
  id: IdSelector,
  options: DeduplicateNodeOptions,
): StreamNode {
  const { recorder } = stream;
  const withinMs = toMilliseconds(options.within, "within of deduplicate");
  const name = recorder.naming.nodeOr(options.name, prefix);
  const store = addedStore(recorder, prefix, options);
  const keySerde = options.key ?? stream.keySerde;
  const valueSerde = options.value ?? stream.valueSerde;
  const input = !stream.needsRepartition
    ? stream
    : repartitionedIfNeeded(stream, {
        prefix: options.name ?? store.name,
        isNamedByUser: store.isNamedByUser,
        keySerde: requireSerde(keySerde, "key", "deduplicate"),
        valueSerde: requireSerde(valueSerde, "value", "deduplicate"),
      });
  const plan = operatorPlan({
    name,
    lower: (topology, parents) => {
      const parts = { store: store.name, id, withinMs };
      topology.addProcessor({ name, supplier: () => new DeduplicateProcessor(parts), parents });
      const specification = windowStore<unknown, string>({
        name: store.name,
        key: options.id,
        value: string(),
        windowSize: 1,
        retention: withinMs,
        caching: false,
        logging: store.logging,
        engine: store.engine ?? topology.storeDefaults.engine,
      });
      topology.addStore(specification, [name]);
    },
  });
  recorder.add([input.plan], plan);
  return { ...input, plan, keySerde, valueSerde };
}

interface Deduplication {
  readonly store: string;
  readonly id: IdSelector;
  readonly withinMs: number;
}

/**
 * Lets the first record of an id through, and no other for a time. The store has a row for each that passed: id and stream
 * time as of then, with when the task was started and where the record was read from. With at-least-once a record may be
 * delivered again of which an earlier task has left the row, while what it wrote is lost: that one passes again.
 */
class DeduplicateProcessor implements Processor {
  readonly #parts: Deduplication;
  #context: ProcessorContext | undefined;
  #passed: WindowStore<unknown, string> | undefined;
  #streamTime: ObservedTime | undefined;
  #info: CallbackRecord | undefined;
  /** When the task was started, as the rows that it writes say. */
  #started = "";

  constructor(parts: Deduplication) {
    this.#parts = parts;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#passed = context.store<WindowStore<unknown, string>>(this.#parts.store);
    this.#streamTime = new ObservedTime(context, this.#parts.store);
    this.#info = new CallbackRecord(context);
    this.#started = String(context.currentSystemTimeMs());
  }

  process(record: StreamRecord): void {
    const now = this.#streamTime?.observe(record.timestamp) ?? record.timestamp;
    const id = this.#idOf(record);
    if (id !== null) {
      if (this.#hasPassed(id, now)) return;
      this.#passed?.put(id, this.#started + this.#origin(), now);
    }
    this.#context?.forward(record);
  }

  #idOf(record: StreamRecord): unknown {
    const info = this.#info;
    if (info === undefined) return null;
    const id = this.#parts.id(record.value, record.key, info.of(record));
    info.over();
    return requireValue(id, "deduplicate");
  }

  #hasPassed(id: unknown, now: Timestamp): boolean {
    const from = Math.max(0, now - this.#parts.withinMs + 1);
    using rows = this.#passed?.fetchRange(id, { from, to: now });
    if (rows?.next() !== true) return false;
    const { value } = rows;
    const origin = this.#origin();
    const isOfEarlier = !value.startsWith(`${this.#started} `);
    return !(isOfEarlier && origin !== "" && value.endsWith(origin));
  }

  /** Where the record under way was read from; empty where a timer made it. */
  #origin(): string {
    const read = this.#context?.recordMetadata;
    return read === undefined ? "" : ` ${read.offset} ${read.topic}`;
  }
}
