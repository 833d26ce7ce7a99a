import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";

export type FlatValueMapper<K, V, V2> = (value: V, key: K) => Iterable<V2>;

/**
 * Makes any number of values of each; the key stays, and with it the partition (Kafka: `KStream.flatMapValues`).
 * The value's serde is lost.
 *
 * @example lines.flatMapValues((line) => line.toLowerCase().split(/\W+/))
 */
export function flatMapValues(
  input: StreamNode,
  mapper: FlatValueMapper<unknown, unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-FLATMAPVALUES-");
  const supplier = (): Processor => new FlatMapValuesProcessor(mapper);
  const plan = operatorPlan({
    name,
    changesValue: true,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan, valueSerde: undefined };
}

class FlatMapValuesProcessor implements Processor {
  readonly #mapper: FlatValueMapper<unknown, unknown, unknown>;
  #context: ProcessorContext | undefined;

  constructor(mapper: FlatValueMapper<unknown, unknown, unknown>) {
    this.#mapper = mapper;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    for (const value of this.#mapper(record.value, record.key))
      this.#context?.forward(record.withValue(value));
  }
}
