import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";

/** What `map` and `flatMap` make of a record. */
export interface KeyValue<K, V> {
  readonly key: K;
  readonly value: V;
}

export type KeyValueMapper<K, V, K2, V2> = (value: V, key: K) => KeyValue<K2, V2>;

/**
 * Makes another key and value of each record (Kafka: `KStream.map`). Serdes are lost, and grouping repartitions;
 * use `mapValues` where the key stays.
 *
 * @example orders.map((order) => ({ key: order.customer, value: order.total }))
 */
export function map(
  input: StreamNode,
  mapper: KeyValueMapper<unknown, unknown, unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-MAP-");
  const supplier = (): Processor => new MapProcessor(mapper);
  const plan = operatorPlan({
    name,
    changesKey: true,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan, keySerde: undefined, valueSerde: undefined, needsRepartition: true };
}

class MapProcessor implements Processor {
  readonly #mapper: KeyValueMapper<unknown, unknown, unknown, unknown>;
  #context: ProcessorContext | undefined;

  constructor(mapper: KeyValueMapper<unknown, unknown, unknown, unknown>) {
    this.#mapper = mapper;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    const { key, value } = this.#mapper(record.value, record.key);
    this.#context?.forward(record.withKeyAndValue(key, value));
  }
}
