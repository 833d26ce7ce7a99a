import { shown } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { TopologyError } from "../../error/topology-error.ts";
import { checkName } from "../../plan/naming.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import type { OutputMap, OutputSerdes } from "../types/processor-types.ts";
import { connectedStores, connectStores, type TableOfHandle } from "./connected-stores.ts";
import { DefinedProcessorNode, type DefinedProcessor } from "./processor-node.ts";

/** A definition of the user's, without its types. */
export interface UntypedDefinition extends DefinedProcessor {
  readonly stores?: Readonly<Record<string, unknown>>;
  readonly output?: OutputSerdes;
  readonly outputs?: OutputMap;
  readonly value?: Serde<unknown>;
}

interface ProcessOptions extends NamedOptions {
  readonly tableOf: TableOfHandle;
}

/** `KStream.process`: one stream, or one for each output. */
export function process(
  input: StreamNode,
  definition: UntypedDefinition,
  options: ProcessOptions,
): StreamNode | ReadonlyMap<string, StreamNode> {
  const { output, outputs } = definition;
  if (output !== undefined && outputs !== undefined)
    throw new TopologyError(
      "INVALID_ARGUMENT",
      "process was given both output and outputs; give outputs alone where there are several",
    );
  const name = nodeName(input, options, "KSTREAM-PROCESSOR-");
  const children = outputs && childNames(name, outputs);
  const below = addProcessor(input, { operator: "process", name, definition, children, options });
  if (outputs === undefined || children === undefined)
    return {
      ...below,
      keySerde: output === undefined ? input.keySerde : output.key,
      valueSerde: output === undefined ? input.valueSerde : output.value,
      needsRepartition: true,
    };
  return new Map(
    [...children].map(([child, childName]) => [child, addOutput(below, childName, outputs[child])]),
  );
}

/** `KStream.processValues`. */
export function processValues(
  input: StreamNode,
  definition: UntypedDefinition,
  options: ProcessOptions,
): StreamNode {
  const name = nodeName(input, options, "KSTREAM-PROCESSVALUES-");
  const parts = { name, definition, children: undefined, options };
  const below = addProcessor(input, { operator: "processValues", ...parts });
  return { ...below, valueSerde: definition.value ?? input.valueSerde };
}

/** Unlike with other operators, no index is burned where the user gives the name, as in Kafka. */
function nodeName(input: StreamNode, { name }: NamedOptions, prefix: string): string {
  if (name === undefined) return input.recorder.naming.node(prefix);
  checkName(name);
  return name;
}

function childNames(node: string, outputs: OutputMap): ReadonlyMap<string, string> {
  if (Object.keys(outputs).length === 0)
    throw new TopologyError(
      "INVALID_ARGUMENT",
      "process: outputs names none; name at least one, or leave it out",
    );
  return new Map(
    Object.entries(outputs).map(([output, serdes]) => {
      if (serdes?.key === undefined || serdes.value === undefined)
        throw new TopologyError(
          "INVALID_ARGUMENT",
          `process: output ${output} was given ${shown(serdes)}; give its serdes, { key: string(), value: json(schema) }`,
        );
      const name = `${node}-${output}`;
      checkName(name);
      return [output, name];
    }),
  );
}

interface ProcessorParts {
  readonly operator: "process" | "processValues";
  readonly name: string;
  readonly definition: UntypedDefinition;
  /** Nodes of the outputs, by output. */
  readonly children: ReadonlyMap<string, string> | undefined;
  readonly options: ProcessOptions;
}

function addProcessor(
  input: StreamNode,
  { operator, name, definition, children: outputs, options }: ProcessorParts,
): StreamNode {
  const { stores: used } = definition;
  const stores = connectedStores(operator, { stores: used, input, tableOf: options.tableOf });
  const supplier = (): Processor =>
    new DefinedProcessorNode({ operator, definition, stores, outputs });
  const plan = operatorPlan({
    name,
    lower: (topology, parents) => {
      topology.addProcessor({ name, supplier, parents });
      connectStores(topology, name, stores);
    },
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan };
}

/** A node that its stream begins at: only what is forwarded to it by name gets there. */
function addOutput(below: StreamNode, name: string, serdes: OutputSerdes): StreamNode {
  const plan = operatorPlan({
    name,
    lower: (topology, parents) =>
      topology.addProcessor({ name, supplier: () => new OutputNode(), parents }),
  });
  below.recorder.add([below.plan], plan);
  return {
    ...below,
    plan,
    keySerde: serdes.key,
    valueSerde: serdes.value,
    needsRepartition: true,
  };
}

class OutputNode implements Processor {
  #context: ProcessorContext | undefined;

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#context?.forward(record);
  }
}
