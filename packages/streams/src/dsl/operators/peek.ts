import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";

/** Looks at a record. It must not change it: what was not mapped is written as it was read. */
export type RecordAction<K, V> = (value: V, key: K) => void;

/**
 * Calls back for each record and passes it on (Kafka: `KStream.peek`). It may be called again for the same record
 * after a failure.
 *
 * @example orders.peek((order, id) => logger.log("debug", "order", { id, total: order.total }))
 */
export function peek(
  input: StreamNode,
  action: RecordAction<unknown, unknown>,
  options: NamedOptions = {},
): StreamNode {
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-PEEK-");
  const supplier = (): Processor => new PeekProcessor(action);
  const plan = operatorPlan({
    name,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan };
}

class PeekProcessor implements Processor {
  readonly #action: RecordAction<unknown, unknown>;
  #context: ProcessorContext | undefined;

  constructor(action: RecordAction<unknown, unknown>) {
    this.#action = action;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#action(record.value, record.key);
    this.#context?.forward(record);
  }
}
