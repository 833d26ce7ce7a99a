import { equalBytes } from "@millrace/model";
import { keyPlace, serializeWith, type Serde } from "@millrace/serde";

import { StreamsError } from "../../error/streams-error.ts";
import { errorPlace } from "../../processor/error-place.ts";
import { checkName } from "../../plan/naming.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import { isVersioned } from "../../plan/table-plan.ts";
import { requireRecord } from "../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { requireSerde, type GroupedTableNode, type TableNode } from "../stream-node.ts";
import type { GroupedOptions } from "./group-by.ts";
import type { KeyValue } from "./map.ts";

type RowMapper = (value: unknown, key: unknown) => KeyValue<unknown, unknown>;
type Serdes = { readonly key?: Serde<unknown>; readonly value?: Serde<unknown> };

/** `KTable.groupBy`. */
export function groupTableBy(
  input: TableNode,
  mapper: RowMapper,
  options: GroupedOptions & Serdes = {},
): GroupedTableNode {
  if (options.name !== undefined) checkName(options.name);
  const keySerde = requireSerde(options.key, "key", "groupBy");
  const valueSerde = requireSerde(options.value, "value", "groupBy");
  const name = input.recorder.naming.nodeOr(options.name, "KTABLE-SELECT-");
  const plan = operatorPlan({
    name,
    demand: (tables) => tables.askOldValues(input.table, true),
    lower: (topology, parents) =>
      topology.addProcessor({
        name,
        supplier: () => new RowMapProcessor(mapper, keySerde, isVersioned(input.table)),
        parents,
      }),
  });
  input.recorder.add([input.plan], plan);
  const { recorder, table } = input;
  return { recorder, table, plan, keySerde, valueSerde, name: options.name };
}

/** Kafka: `KTableRepartitionMap`. */
class RowMapProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #mapper: RowMapper;
  readonly #keySerde: Serde<unknown>;
  readonly #latestOnly: boolean;
  #context: ProcessorContext | undefined;

  /** @param latestOnly true: an aggregate has the latest version of each row alone */
  constructor(mapper: RowMapper, keySerde: Serde<unknown>, latestOnly: boolean) {
    this.#mapper = mapper;
    this.#keySerde = keySerde;
    this.#latestOnly = latestOnly;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    if (context === undefined) return;
    if (record.hasNullKey) {
      const message = "a table that is grouped has a row without a key";
      throw new StreamsError("PROCESSING_FAILED", message, errorPlace(context));
    }
    if (this.#latestOnly && !record.isLatest) return;
    const next = this.#map(record.key, record.value);
    const old = this.#map(record.key, record.oldValue);
    if (old !== null && next !== null && this.#isSame(old.key, next.key)) {
      this.#forward(record, old.key, { newValue: next.value, oldValue: old.value });
      return;
    }
    if (old !== null) this.#forward(record, old.key, { newValue: null, oldValue: old.value });
    if (next !== null) this.#forward(record, next.key, { newValue: next.value, oldValue: null });
  }

  /** Null: there is no row, or it belongs to no group. */
  #map(key: unknown, value: unknown): KeyValue<unknown, unknown> | null {
    if (value === null || value === undefined) return null;
    const pair = requireRecord(this.#mapper(value, key), "groupBy");
    return pair.key === null || pair.value === null ? null : pair;
  }

  #isSame(left: unknown, right: unknown): boolean {
    if (Object.is(left, right)) return true;
    if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
      return false;
    // Bytes of no topic say nothing. Two changes, of a key in order, come to the same.
    if (this.#keySerde.usesPlace === true) return false;
    const [one, other] = [left, right].map((key) =>
      serializeWith(this.#keySerde, key, "", keyPlace),
    );
    return equalBytes(one, other);
  }

  #forward(record: StreamRecord, key: unknown, change: unknown): void {
    this.#context?.forward(record.withKeyAndValue(key, change));
  }
}
