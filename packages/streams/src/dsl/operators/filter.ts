import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";

/** Decides by value and key. A type guard narrows the stream's type. */
export type Predicate<K, V> = (value: V, key: K) => boolean;

/**
 * Keeps the records for which the predicate holds (Kafka: `KStream.filter`).
 *
 * @example orders.filter((order) => order.total > 0)
 */
export function filter(
  input: StreamNode,
  predicate: Predicate<unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  return addFilter(input, { predicate, keeps: true, name: options.name });
}

/**
 * Keeps the records for which the predicate does not hold (Kafka: `KStream.filterNot`).
 *
 * @example orders.filterNot((order) => order.isTest)
 */
export function filterNot(
  input: StreamNode,
  predicate: Predicate<unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  return addFilter(input, { predicate, keeps: false, name: options.name });
}

interface Filter {
  readonly predicate: Predicate<unknown, unknown>;
  readonly keeps: boolean;
  readonly name: string | undefined;
}

function addFilter(input: StreamNode, { predicate, keeps, name: given }: Filter): StreamNode {
  const name = input.recorder.naming.nodeOr(given, "KSTREAM-FILTER-");
  const supplier = (): Processor => new FilterProcessor(predicate, keeps);
  const plan = operatorPlan({
    name,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan };
}

class FilterProcessor implements Processor {
  readonly #predicate: Predicate<unknown, unknown>;
  readonly #keeps: boolean;
  #context: ProcessorContext | undefined;

  constructor(predicate: Predicate<unknown, unknown>, keeps: boolean) {
    this.#predicate = predicate;
    this.#keeps = keeps;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    if (this.#predicate(record.value, record.key) === this.#keeps) this.#context?.forward(record);
  }
}
