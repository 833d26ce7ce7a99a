import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";

export type KeySelector<K, V, K2> = (value: V, key: K) => K2;

/**
 * Gives each record another key (Kafka: `KStream.selectKey`). The key's serde is lost, and grouping repartitions.
 *
 * @example orders.selectKey((order) => order.customer)
 */
export function selectKey(
  input: StreamNode,
  selector: KeySelector<unknown, unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-KEY-SELECT-");
  const supplier = (): Processor => new SelectKeyProcessor(selector);
  const plan = operatorPlan({
    name,
    changesKey: true,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan, keySerde: undefined, needsRepartition: true };
}

class SelectKeyProcessor implements Processor {
  readonly #selector: KeySelector<unknown, unknown, unknown>;
  #context: ProcessorContext | undefined;

  constructor(selector: KeySelector<unknown, unknown, unknown>) {
    this.#selector = selector;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#context?.forward(record.withKey(this.#selector(record.value, record.key)));
  }
}
