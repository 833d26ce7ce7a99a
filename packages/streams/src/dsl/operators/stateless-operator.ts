import type { Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { CallbackRecord, type RecordInfo } from "../../processor/record-info.ts";
import type { StreamNode } from "../stream-node.ts";

/** Serdes that the user gave to an operator. */
export interface SerdesGiven {
  readonly key?: Serde<unknown>;
  readonly value?: Serde<unknown>;
}

/** What one record does to those downstream, without a store. */
export type RecordProcess = (
  record: StreamRecord,
  context: ProcessorContext,
  info: RecordInfo,
) => void;

export interface StatelessOperator {
  /** Of the generated name: Kafka's, such as `KSTREAM-FILTER-`. */
  readonly prefix: string;
  /** The user's name. */
  readonly name: string | undefined;
  /** True: the key's serde is lost unless it is given, and grouping repartitions. */
  readonly changesKey?: boolean;
  /** True: the value's serde is lost unless it is given. */
  readonly changesValue?: boolean;
  /** Serdes of what comes out. */
  readonly serdes?: SerdesGiven;
  /** A second stream that flows in. */
  readonly merges?: StreamNode;
  /** See `Processor.forwardsNewRecords`. */
  readonly forwardsNewRecords?: boolean;
  readonly process: RecordProcess;
}

/** Adds an operator without a store to the plan; gives the stream below it. */
export function statelessOperator(input: StreamNode, operator: StatelessOperator): StreamNode {
  const { prefix, changesKey = false, changesValue = false, serdes, merges } = operator;
  const name = input.recorder.naming.nodeOr(operator.name, prefix);
  const supplier = (): Processor => new StatelessProcessor(operator);
  const plan = operatorPlan({
    name,
    changesKey,
    changesValue,
    isMerge: merges !== undefined,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add(merges === undefined ? [input.plan] : [input.plan, merges.plan], plan);
  return {
    recorder: input.recorder,
    plan,
    keySerde: serdes?.key ?? (changesKey ? undefined : input.keySerde),
    valueSerde: serdes?.value ?? (changesValue ? undefined : input.valueSerde),
    needsRepartition: changesKey || input.needsRepartition,
    sources: merges === undefined ? input.sources : [...input.sources, ...merges.sources],
  };
}

/** Passes a record on as it is. */
export function passOn(record: StreamRecord, context: ProcessorContext): void {
  context.forward(record);
}

class StatelessProcessor implements Processor {
  readonly forwardsNewRecords: boolean;
  readonly #process: RecordProcess;
  #context: ProcessorContext | undefined;
  #info: CallbackRecord | undefined;

  constructor({ process, forwardsNewRecords = false }: StatelessOperator) {
    this.#process = process;
    this.forwardsNewRecords = forwardsNewRecords;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#info = new CallbackRecord(context);
  }

  process(record: StreamRecord): void {
    const info = this.#info;
    if (this.#context === undefined || info === undefined) return;
    this.#process(record, this.#context, info.of(record));
    info.over();
  }
}
