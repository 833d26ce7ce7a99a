import { toMilliseconds, type Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import { joinBuffer, type JoinBuffer, type JoinBufferSpecification } from "@millrace/state";

import { TopologyError } from "../../error/topology-error.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import { isVersioned } from "../../plan/table-plan.ts";
import { requireValue } from "../../processor/callback-result.ts";
import type { RowJoiner } from "../../processor/joined-view.ts";
import { globalStoreView, type TableView, type ValueGetter } from "../../processor/value-getter.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import { StreamRecord } from "../../processor/stream-record.ts";
import {
  requireSerde,
  type GlobalTableNode,
  type NamedOptions,
  type StreamNode,
  type TableNode,
} from "../stream-node.ts";
import { repartitionedForJoin } from "./repartition.ts";

export type StreamJoinNodeOptions = NamedOptions & {
  readonly key?: Serde<unknown>;
  readonly left?: Serde<unknown>;
  /** How long a record waits for older versions of its row. */
  readonly grace?: Duration;
  /** Of the result. */
  readonly value?: Serde<unknown>;
};

/** `KStream.join` and `leftJoin` with a table. */
export function joinWithTable(
  { stream, table }: { readonly stream: StreamNode; readonly table: TableNode },
  operator: "join" | "leftJoin",
  joiner: RowJoiner,
  options: StreamJoinNodeOptions = {},
): StreamNode {
  const { recorder } = stream;
  const isLeft = operator === "leftJoin";
  const input = repartitionedForJoin(stream, operator, options);
  const prefix = isLeft ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-";
  const name = recorder.naming.nodeOr(options.name, prefix);
  const sources = [...new Set([...input.sources, ...table.sources])];
  const buffer =
    options.grace === undefined ? undefined : bufferOf({ stream, table, name }, operator, options);
  const plan = operatorPlan({
    name,
    keepsNullKeys: isLeft,
    demand: (tables) => tables.view(table.table),
    lower: (topology, parents, tables) => {
      const view = tables.view(table.table);
      const lookup: TableLookup = { operator, joiner, view, buffer: buffer?.name };
      topology.addProcessor({ name, supplier: () => new TableLookupProcessor(lookup), parents });
      if (buffer !== undefined) {
        requireHistory(view, buffer, operator);
        topology.addStore(buffer, [name]);
      }
      for (const used of view.storeNames) topology.connectStore(name, used);
      topology.copartition(sources);
    },
  });
  recorder.add([input.plan], plan);
  const keySerde = options.key ?? stream.keySerde;
  return { recorder, plan, keySerde, valueSerde: options.value, needsRepartition: false, sources };
}

const bufferSuffix = "-Buffer";

interface BufferedJoin {
  readonly stream: StreamNode;
  readonly table: TableNode;
  /** Of the join. */
  readonly name: string;
}

function bufferOf(
  { stream, table, name }: BufferedJoin,
  operator: "join" | "leftJoin",
  options: StreamJoinNodeOptions,
): JoinBufferSpecification<JoinBuffer<unknown, unknown>> {
  const grace = toMilliseconds(options.grace ?? 0, `grace of ${operator}`);
  if (!isVersioned(table.table)) throw needsHistory(operator);
  const bufferName = name + bufferSuffix;
  if (options.name === undefined) stream.recorder.naming.noteGenerated(bufferName);
  const key = requireSerde(options.key ?? stream.keySerde, "key", operator);
  const value = requireSerde(options.left ?? stream.valueSerde, "left", operator);
  return joinBuffer<unknown, unknown>({ name: bufferName, key, value, grace });
}

function requireHistory(
  { historyRetentionMs }: TableView,
  { graceMs }: JoinBufferSpecification,
  operator: string,
): void {
  if (historyRetentionMs === undefined) throw needsHistory(operator);
  if (historyRetentionMs < graceMs)
    throw new TopologyError(
      "INVALID_WINDOWS",
      `grace of ${operator} is ${graceMs} ms, and the table keeps ${historyRetentionMs} ms of history; give a shorter grace, ` +
        "or a longer historyRetention where the table is made",
    );
}

function needsHistory(operator: string): TopologyError {
  return new TopologyError(
    "INVALID_WINDOWS",
    `${operator} was given grace, which needs a versioned table; give the table { store: { name: "…", historyRetention: "1h" } }`,
  );
}

export type GlobalJoinNodeOptions = NamedOptions & {
  readonly keySelector?: (value: unknown, key: unknown) => unknown;
  /** Serde of the result. */
  readonly value?: Serde<unknown>;
};

/** `KStream.join` and `leftJoin` with a global table: whole in each process, so that keys may be anywhere. */
export function joinWithGlobalTable(
  { stream, table }: { readonly stream: StreamNode; readonly table: GlobalTableNode },
  operator: "join" | "leftJoin",
  joiner: RowJoiner,
  options: GlobalJoinNodeOptions = {},
): StreamNode {
  const { recorder } = stream;
  const { keySelector } = options;
  const view = globalStoreView(table.store);
  const name = recorder.naming.nodeOr(options.name, "KSTREAM-LEFTJOIN-"); // of an inner one too, as in Kafka
  const supplier = (): Processor =>
    new TableLookupProcessor({ operator, joiner, view, keySelector });
  const plan = operatorPlan({
    name,
    keepsNullKeys: operator === "leftJoin",
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  recorder.add([stream.plan], plan);
  return { ...stream, plan, valueSerde: options.value };
}

interface TableLookup {
  readonly operator: "join" | "leftJoin";
  readonly joiner: RowJoiner;
  readonly view: TableView;
  /** The table's key of a record; undefined: the record's own. */
  readonly keySelector?: ((value: unknown, key: unknown) => unknown) | undefined;
  /** The store where records wait; undefined: they do not. */
  readonly buffer?: string | undefined;
}

/**
 * Joins each record with the row that the table has now, or had at the record's time where it is versioned; those that may
 * still get an older row wait in a buffer first (Kafka: `KStreamKTableJoinProcessor`).
 */
class TableLookupProcessor implements Processor {
  readonly #lookup: TableLookup;
  readonly #isLeft: boolean;
  #context: ProcessorContext | undefined;
  #rows: ValueGetter | undefined;
  #buffer: JoinBuffer<unknown, unknown> | undefined;

  constructor(lookup: TableLookup) {
    this.#lookup = lookup;
    this.#isLeft = lookup.operator === "leftJoin";
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    const { view, buffer } = this.#lookup;
    this.#rows = view.open(context);
    if (buffer === undefined) return;
    this.#buffer = context.store<JoinBuffer<unknown, unknown>>(buffer);
    this.#buffer.onDue((key, value, due) => {
      const waited = new StreamRecord(key, value, due.timestamp, due.headers);
      context.processWaiting(waited, (record) => this.#forwardJoined(record, key, context), due);
    });
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    if (context === undefined) return;
    const key = record.hasNullValue ? null : this.#keyOf(record);
    if (record.hasNullValue || (key === null && !this.#isLeft)) {
      context.dropRecord("null key or value in a join with a table");
      return;
    }
    const buffer = this.#buffer;
    if (buffer?.put(record.key, record.value, record.timestamp) === true) buffer.takeDue();
    else this.#forwardJoined(record, key, context);
  }

  #forwardJoined(record: StreamRecord, key: unknown, context: ProcessorContext): void {
    const joined = this.#join(record, key);
    if (joined !== undefined) context.forward(joined);
  }

  /** Undefined: there is no row to join with. */
  #join(record: StreamRecord, key: unknown): StreamRecord | undefined {
    const row = key === null ? null : (this.#rows?.get(key, record.timestamp) ?? null);
    if (row === null && !this.#isLeft) return undefined;
    const { joiner, operator } = this.#lookup;
    return record.withValue(requireValue(joiner(record.value, row, record.key), operator));
  }

  #keyOf(record: StreamRecord): unknown {
    const { keySelector, operator } = this.#lookup;
    if (keySelector === undefined) return record.hasNullKey ? null : record.key;
    return requireValue(keySelector(record.value, record.key), `${operator}'s keySelector`);
  }
}
