import type { Serde } from "@millrace/serde";
import { int64AsNumber } from "@millrace/serde";
import { keyValueStore, type StoreEngineKind, type StoreSpecification } from "@millrace/state";

import { checkName } from "../../../plan/naming.ts";
import { operatorPlan } from "../../../plan/plan-node.ts";
import { requireList, requireValue } from "../../../processor/callback-result.ts";
import type { Processor } from "../../../processor/processor.ts";
import { requireSerde, type NamedOptions, type StreamNode } from "../../stream-node.ts";
import { AwaitingProcessor, waitingSerdeUses, type WaitingStore } from "./awaiting-processor.ts";
import { callSettings, type CallOptions } from "./call-settings.ts";
import type { AsyncContext } from "./call.ts";
import { waitingRecordSerde } from "./waiting-record.ts";

/** The store of what waits: a text is its name. */
export type WaitingStoreOption =
  | string
  | { readonly name?: string; readonly engine?: StoreEngineKind };

export type AsyncCallback = (value: unknown, key: unknown, context: AsyncContext) => unknown;

export interface AwaitNodeOptions extends NamedOptions, CallOptions {
  readonly key?: Serde<unknown>;
  readonly input?: Serde<unknown>;
  readonly value?: Serde<unknown>;
  readonly store?: WaitingStoreOption;
}

type Operator = "mapValuesAsync" | "flatMapValuesAsync" | "foreachAsync";

/** `KStream.mapValuesAsync`: an addition of ours. */
export function mapValuesAsync(
  input: StreamNode,
  mapper: AsyncCallback,
  options: AwaitNodeOptions = {},
): StreamNode {
  const valuesOf = (result: unknown) => [requireValue(result, "mapValuesAsync")];
  return awaitValues(input, { operator: "mapValuesAsync", callback: mapper, valuesOf }, options);
}

/** `KStream.flatMapValuesAsync`: an addition of ours. */
export function flatMapValuesAsync(
  input: StreamNode,
  mapper: AsyncCallback,
  options: AwaitNodeOptions = {},
): StreamNode {
  const operator = "flatMapValuesAsync";
  const valuesOf = (result: unknown) =>
    Array.from(requireList(result as Iterable<unknown>, operator), (value) =>
      requireValue(value, operator),
    );
  return awaitValues(input, { operator, callback: mapper, valuesOf }, options);
}

/** `KStream.foreachAsync`: an addition of ours. */
export function foreachAsync(
  input: StreamNode,
  action: AsyncCallback,
  options: AwaitNodeOptions = {},
): void {
  awaitValues(input, { operator: "foreachAsync", callback: action, valuesOf: () => [] }, options);
}

interface Awaiting {
  readonly operator: Operator;
  readonly callback: AsyncCallback;
  readonly valuesOf: (result: unknown) => Iterable<unknown>;
}

function awaitValues(input: StreamNode, awaiting: Awaiting, options: AwaitNodeOptions): StreamNode {
  const { operator } = awaiting;
  const { naming } = input.recorder;
  const keySerde = requireSerde(options.key ?? input.keySerde, "key", operator);
  const inputSerde = requireSerde(options.input ?? input.valueSerde, "input", operator);
  const prefix = `KSTREAM-${operator.toUpperCase()}-`;
  const name = naming.nodeOr(options.name, prefix);
  const store = specifyStore(input, prefix, options);
  const settings = callSettings(options);
  // Nothing comes out of foreachAsync whose order could be kept: it is that of the calls.
  const isSerial = operator === "foreachAsync";
  const plan = operatorPlan({
    name,
    changesValue: true,
    lower: (topology, parents) => {
      const specification = store(topology.storeDefaults.engine);
      const parts = { ...awaiting, keySerde, inputSerde, settings, isSerial, store: specification };
      const supplier = (): Processor => new AwaitingProcessor(parts);
      topology.addProcessor({ name, supplier, parents, serdeUses: waitingSerdeUses(parts) });
      topology.addStore(specification, [name]);
    },
  });
  input.recorder.add([input.plan], plan);
  return { ...input, plan, keySerde, valueSerde: options.value };
}

/** Burns an index, named or not, so that naming one operator leaves the names of the others alone. */
function specifyStore(
  { recorder: { naming } }: StreamNode,
  prefix: string,
  options: AwaitNodeOptions,
): (engine: StoreEngineKind) => StoreSpecification<WaitingStore> {
  const given = typeof options.store === "string" ? { name: options.store } : options.store;
  const byOperator = options.name === undefined ? undefined : `${options.name}-store`;
  const chosen = given?.name ?? byOperator;
  const generated = naming.store(prefix);
  if (chosen === undefined) naming.noteGenerated(generated);
  else checkName(chosen);
  const name = chosen ?? generated;
  return (engine) =>
    keyValueStore({
      name,
      key: int64AsNumber(),
      value: waitingRecordSerde,
      engine: given?.engine ?? engine,
    });
}
