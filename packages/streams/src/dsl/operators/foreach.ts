import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import type { RecordAction } from "./peek.ts";

/**
 * Calls back for each record, and that is the end of it (Kafka: `KStream.foreach`). It may be called again for the
 * same record after a failure.
 *
 * @example alarms.foreach((alarm) => ring(alarm))
 */
export function foreach(
  input: StreamNode,
  action: RecordAction<unknown, unknown>,
  options: NamedOptions = {},
): void {
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-FOREACH-");
  const supplier = (): Processor => new ForeachProcessor(action);
  const plan = operatorPlan({
    name,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  input.recorder.add([input.plan], plan);
}

class ForeachProcessor implements Processor {
  readonly #action: RecordAction<unknown, unknown>;

  constructor(action: RecordAction<unknown, unknown>) {
    this.#action = action;
  }

  process(record: StreamRecord): void {
    this.#action(record.value, record.key);
  }
}
