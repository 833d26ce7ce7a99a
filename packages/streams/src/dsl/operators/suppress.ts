import type { Timestamp, Windowed } from "@millrace/model";
import { suppressionBuffer, type EvictedChange, type TimeOrderedBuffer } from "@millrace/state";

import { StreamsError } from "../../error/streams-error.ts";
import { errorPlace } from "../../processor/error-place.ts";
import { TopologyError } from "../../error/topology-error.ts";
import { checkName } from "../../plan/naming.ts";
import type { PlanRecorder } from "../../plan/plan.ts";
import { operatorPlan, type PlanNode } from "../../plan/plan-node.ts";
import { isVersioned, type SuppressedTablePlan } from "../../plan/table-plan.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import { StreamRecord } from "../../processor/stream-record.ts";
import { suppressedView } from "../../processor/suppressed-view.ts";
import { requireSerde, type NamedOptions, type TableNode } from "../stream-node.ts";
import type { Suppressed } from "../suppressed.ts";

/** `KTable.suppress`. */
export function suppress(
  input: TableNode,
  suppressed: Suppressed,
  options: NamedOptions = {},
): TableNode {
  const { recorder } = input;
  const { naming } = recorder;
  if (isVersioned(input.table))
    throw new TopologyError(
      "INVALID_ARGUMENT",
      "suppress was given a versioned table, whose changes may come out of order; give one without historyRetention",
    );
  const prefix = "KTABLE-SUPPRESS-";
  if (options.name !== undefined) checkName(options.name);
  // As in Kafka, a name of the user's burns no index.
  const name = options.name ?? naming.node(prefix);
  const waitMs =
    suppressed.kind === "timeLimit" ? suppressed.limitMs : graceAbove(recorder, input.plan, []);
  const store = options.name === undefined ? naming.store(prefix) : `${options.name}-store`;
  if (options.name === undefined && suppressed.logging) naming.noteGenerated(store);
  const specification = suppressionBuffer({
    name: store,
    key: requireSerde(input.keySerde, "key", "suppress"),
    value: requireSerde(input.valueSerde, "value", "suppress"),
    logging: suppressed.logging,
  });
  const table: SuppressedTablePlan = {
    kind: "suppressed",
    parent: input.table,
    viewOf: (parent) => suppressedView(store, parent),
  };
  const plan = operatorPlan({
    name,
    // What waits is told with what it replaces, and lookups get what was before.
    demand: (tables) => tables.askOldValues(input.table, true),
    lower: (topology, parents) => {
      const supplier = (): Processor => new SuppressProcessor(store, { ...suppressed, waitMs });
      topology.addProcessor({ name, supplier, parents });
      topology.addStore(specification, [name]);
    },
  });
  recorder.add([input.plan], plan);
  return { ...input, plan, table, storeName: undefined };
}

/** When the windows above have closed: the longest of all ways up (Kafka: `GraphGraceSearchUtil`). */
function graceAbove(recorder: PlanRecorder, plan: PlanNode, way: readonly string[]): number {
  if (plan.kind === "operator" && plan.graceMs !== undefined) return plan.graceMs;
  const parents = recorder.parentsOf(plan);
  const below = [plan.name, ...way];
  if (parents.length === 0)
    throw new TopologyError(
      "NO_WINDOWS",
      `untilWindowCloses was given a table that does not come from windows alone (${below.join(" -> ")}); aggregate in windows above it, or give untilTimeLimit("5s")`,
    );
  return Math.max(...parents.map((parent) => graceAbove(recorder, parent, below)));
}

/** Kafka: `KTableSuppressProcessor`. */
class SuppressProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly forwardsAs = "suppression-emit";
  readonly #store: string;
  readonly #suppressed: Suppressed & { readonly waitMs: number };
  #context: ProcessorContext | undefined;
  #buffer: TimeOrderedBuffer<unknown, unknown> | undefined;
  #streamTime: Timestamp = -1;

  constructor(store: string, suppressed: Suppressed & { readonly waitMs: number }) {
    this.#store = store;
    this.#suppressed = suppressed;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#buffer = context.store<TimeOrderedBuffer<unknown, unknown>>(this.#store);
  }

  process(record: StreamRecord): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    this.#streamTime = Math.max(this.#streamTime, record.timestamp);
    const { key, timestamp } = record;
    const isFinal = this.#suppressed.kind === "windowCloses";
    const time = isFinal ? (key as Windowed<unknown>).window.end : timestamp;
    buffer.put(time, key, { newValue: record.value ?? null, oldValue: record.oldValue ?? null });
    const expiry = this.#streamTime - this.#suppressed.waitMs;
    const emit = (change: EvictedChange<unknown, unknown>): void => this.#emit(change);
    buffer.evictWhile(() => buffer.timeMin <= expiry, emit);
    if (!this.#isFull(buffer)) return;
    if (this.#suppressed.whenFull === "shutDown") throw this.#fullError(buffer);
    buffer.evictWhile(() => this.#isFull(buffer), emit);
  }

  /** A final result that is none is not told. */
  #emit({ key, newValue, oldValue, context }: EvictedChange<unknown, unknown>): void {
    if (newValue === null && this.#suppressed.kind === "windowCloses") return;
    const { timestamp, headers } = context;
    const change = { newValue, oldValue, timestamp };
    this.#context?.forwardIn(context, StreamRecord.ofChange(key, change, headers));
  }

  #isFull({ entryCount, sizeBytes }: TimeOrderedBuffer<unknown, unknown>): boolean {
    const { recordsMax, bytesMax } = this.#suppressed;
    return entryCount > recordsMax || sizeBytes > bytesMax;
  }

  #fullError({ entryCount, sizeBytes }: TimeOrderedBuffer<unknown, unknown>): StreamsError {
    const { recordsMax, bytesMax } = this.#suppressed;
    return new StreamsError(
      "SUPPRESS_BUFFER_FULL",
      `${entryCount} of at most ${recordsMax} changes wait in suppress, with ${sizeBytes} of at most ${bytesMax} bytes; give more room`,
      this.#context && errorPlace(this.#context),
    );
  }
}
