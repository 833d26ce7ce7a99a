import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";

export type ValueMapper<K, V, V2> = (value: V, key: K) => V2;

/**
 * Makes another value of each record; the key stays, and with it the partition (Kafka: `KStream.mapValues`). The
 * value's serde is lost.
 *
 * @example orders.mapValues((order) => order.total)
 */
export function mapValues(
  input: StreamNode,
  mapper: ValueMapper<unknown, unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-MAPVALUES-");
  const supplier = (): Processor => new MapValuesProcessor(mapper);
  const plan = operatorPlan({
    name,
    changesValue: true,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan, valueSerde: undefined };
}

class MapValuesProcessor implements Processor {
  readonly #mapper: ValueMapper<unknown, unknown, unknown>;
  #context: ProcessorContext | undefined;

  constructor(mapper: ValueMapper<unknown, unknown, unknown>) {
    this.#mapper = mapper;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#context?.forward(record.withValue(this.#mapper(record.value, record.key)));
  }
}
