import { shown } from "@millrace/model";
import type { StateStore, StoreSpecification } from "@millrace/state";

import { CallbackError } from "../../error/callback-error.ts";
import { requireSynchronous } from "../../processor/callback-result.ts";
import { FixedKeyRecord } from "../../processor/fixed-key-record.ts";
import { requireForwardable } from "../../processor/forwarded-record.ts";
import type { DropLevel, Processor, ProcessorContext } from "../../processor/processor.ts";
import { readOnlyStore } from "../../processor/read-only-store.ts";
import { storeInTurns } from "../../processor/store-in-turns.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";

/** A definition of the user's, without its types. */
export interface DefinedProcessor {
  readonly state?: () => unknown;
  readonly init?: (context: unknown) => void;
  readonly process: (record: unknown, context: unknown) => unknown;
  readonly close?: (context: unknown) => void;
}

/** A store by the name that the processor gives it. */
export type ConnectedStore =
  | { readonly name: string; readonly specification: StoreSpecification }
  /** Of a table: read only. */
  | { readonly name: string; readonly table: string };

export interface ProcessorNodeParts {
  readonly operator: "process" | "processValues";
  readonly definition: DefinedProcessor;
  readonly stores: readonly ConnectedStore[];
  /** Nodes of the outputs, by output; undefined where there is one for all. */
  readonly outputs: ReadonlyMap<string, string> | undefined;
}

/** A processor of the user's at work in one task. */
export class DefinedProcessorNode implements Processor {
  readonly #parts: ProcessorNodeParts;
  readonly #isKeyFixed: boolean;
  #userContext: unknown;

  constructor(parts: ProcessorNodeParts) {
    this.#parts = parts;
    this.#isKeyFixed = parts.operator === "processValues";
  }

  init(context: ProcessorContext): void {
    const { definition, stores } = this.#parts;
    const userContext = Object.assign(
      userContextOf(context, definition.state?.()),
      Object.fromEntries(stores.map((store) => [store.name, openStore(store, context)])),
      this.#forwarding(context),
    );
    this.#userContext = Object.freeze(userContext);
    definition.init?.(userContext);
  }

  process(record: StreamRecord): void {
    const { definition, operator } = this.#parts;
    const given = this.#isKeyFixed ? new FixedKeyRecord(record) : record;
    requireSynchronous(definition.process(given, this.#userContext), operator);
  }

  close(): void {
    if (this.#userContext !== undefined) this.#parts.definition.close?.(this.#userContext);
  }

  #forwarding(context: ProcessorContext): object {
    const { outputs } = this.#parts;
    const forward = (record: unknown, child?: string): void =>
      context.forward(this.#recordOf(record), child);
    if (outputs === undefined) return { forward };
    const forwardTo = [...outputs].map(([output, node]) => [
      output,
      (record: unknown) => forward(record, node),
    ]);
    return { forwardTo: Object.freeze(Object.fromEntries(forwardTo)) };
  }

  /** Of a key that is fixed only where it is known to be. */
  #recordOf(given: unknown): StreamRecord {
    const { operator } = this.#parts;
    if (!this.#isKeyFixed) return requireForwardable(given, operator);
    const record = FixedKeyRecord.unwrap(given);
    if (record !== undefined) return requireForwardable(record, operator);
    throw new CallbackError(
      "CALLBACK_GAVE_NO_RECORD",
      operator,
      `${shown(given)} to forward; forward the record that it was given, or what its withValue, withTimestamp or withHeaders makes`,
    );
  }
}

/** What users see of a processor's surroundings. */
export function userContextOf(
  context: ProcessorContext,
  state: unknown,
  metadataOf = () => context.recordMetadata,
): object {
  return {
    applicationId: context.applicationId,
    taskId: context.taskId,
    nodeName: context.nodeName,
    state,
    get metadata() {
      return metadataOf();
    },
    currentStreamTimeMs: () => context.currentStreamTimeMs(),
    currentSystemTimeMs: () => context.currentSystemTimeMs(),
    schedule: (...[interval, type, punctuate]: Parameters<ProcessorContext["schedule"]>) =>
      context.schedule(interval, type, punctuate),
    commit: () => context.commit(),
    dropRecord: (reason: string, level?: DropLevel) => context.dropRecord(reason, level),
  };
}

export function openStore(store: ConnectedStore, context: ProcessorContext): StateStore {
  if ("specification" in store)
    return storeInTurns(context.store(store.specification), (what) => context.requireTurn(what));
  return readOnlyStore(context.store(store.table));
}
