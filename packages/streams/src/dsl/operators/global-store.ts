import type { Serde } from "@millrace/serde";
import type { StateStore, StoreSpecification } from "@millrace/state";

import type { PlanRecorder } from "../../plan/plan.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import { requireSynchronous } from "../../processor/callback-result.ts";
import type { DropLevel, Processor, ProcessorContext } from "../../processor/processor.ts";
import { storeInTurns } from "../../processor/store-in-turns.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { TimestampExtractor } from "../../processor/timestamp-extractor.ts";
import type { NamedOptions } from "../stream-node.ts";
import { globalSource } from "./global-source.ts";

/** A definition of the user's, without its types. */
export interface UntypedGlobalStore extends NamedOptions {
  readonly key?: Serde<unknown>;
  readonly value?: Serde<unknown>;
  readonly timestampExtractor?: TimestampExtractor | undefined;
  readonly process: (record: unknown, context: unknown) => unknown;
}

export interface GlobalStorePlace {
  readonly specification: StoreSpecification;
  readonly topic: string;
}

/** `StreamsBuilder.addGlobalStore`. */
export function addGlobalStore(
  recorder: PlanRecorder,
  { specification, topic }: GlobalStorePlace,
  definition: UntypedGlobalStore,
): void {
  const { naming } = recorder;
  const source = naming.nodeOr(definition.name, "KSTREAM-SOURCE-", "-source");
  const name = naming.nodeOr(definition.name, "KTABLE-SOURCE-");
  const { key = specification.key, value = specification.value } = definition;
  const keepsNullKeys = key.isNullable;
  const supplier = (): Processor =>
    new GlobalStoreProcessor(definition, specification, keepsNullKeys);
  recorder.addSource(
    operatorPlan({
      name,
      lower: (topology) =>
        topology.addGlobalStore({
          specification,
          source: globalSource(source, topic, { ...definition, key, value }),
          processor: { name, supplier },
          holdsTopic: false,
        }),
    }),
  );
}

/** Gives each record to the user's function, with the store. */
class GlobalStoreProcessor implements Processor {
  readonly #definition: UntypedGlobalStore;
  readonly #specification: StoreSpecification;
  readonly #keepsNullKeys: boolean;
  #context: ProcessorContext | undefined;
  #userContext: { readonly store: StateStore } | undefined;

  constructor(
    definition: UntypedGlobalStore,
    specification: StoreSpecification,
    keepsNullKeys: boolean,
  ) {
    this.#definition = definition;
    this.#specification = specification;
    this.#keepsNullKeys = keepsNullKeys;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#userContext = Object.freeze({
      store: storeInTurns(context.store(this.#specification), (what) => context.requireTurn(what)),
      get metadata() {
        return context.recordMetadata;
      },
      dropRecord: (reason: string, level?: DropLevel) => context.dropRecord(reason, level),
    });
  }

  process(record: StreamRecord): void {
    if (record.hasNullKey && !this.#keepsNullKeys)
      this.#context?.dropRecord("null key in a global store");
    else
      requireSynchronous(
        this.#definition.process(record, this.#userContext),
        "addGlobalStore's process",
      );
  }
}
