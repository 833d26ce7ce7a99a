import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import type { KeyValue } from "./map.ts";

export type FlatMapper<K, V, K2, V2> = (value: V, key: K) => Iterable<KeyValue<K2, V2>>;

/**
 * Makes any number of records of each (Kafka: `KStream.flatMap`). Serdes are lost, and grouping repartitions; use
 * `flatMapValues` where the key stays.
 *
 * @example lines.flatMap((line) => line.split(" ").map((word) => ({ key: word, value: 1 })))
 */
export function flatMap(
  input: StreamNode,
  mapper: FlatMapper<unknown, unknown, unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-FLATMAP-");
  const supplier = (): Processor => new FlatMapProcessor(mapper);
  const plan = operatorPlan({
    name,
    changesKey: true,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan, keySerde: undefined, valueSerde: undefined, needsRepartition: true };
}

class FlatMapProcessor implements Processor {
  readonly #mapper: FlatMapper<unknown, unknown, unknown, unknown>;
  #context: ProcessorContext | undefined;

  constructor(mapper: FlatMapper<unknown, unknown, unknown, unknown>) {
    this.#mapper = mapper;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    for (const { key, value } of this.#mapper(record.value, record.key))
      this.#context?.forward(record.withKeyAndValue(key, value));
  }
}
