import { noHeaders, type Timestamp } from "@millrace/model";

import { requireValue } from "../../processor/callback-result.ts";
import type { ProcessorContext } from "../../processor/processor.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { TableView, ValueGetter } from "../../processor/value-getter.ts";
import { openStore, userContextOf, type ConnectedStore } from "./processor-node.ts";

/** A definition of the user's, without its types. */
export interface DefinedTransformer {
  readonly state?: () => unknown;
  readonly init?: (context: unknown) => void;
  readonly transform: (value: unknown, key: unknown, context: unknown) => unknown;
  readonly close?: (context: unknown) => void;
}

export interface TransformerParts {
  readonly definition: DefinedTransformer;
  readonly stores: readonly ConnectedStore[];
}

const noRow: RecordInfo = { timestamp: -1, headers: noHeaders, metadata: undefined };

/** A transformer of the user's at work in one task: for the changes of a table, or for those who look its rows up. */
export class ValueTransformer {
  readonly #definition: DefinedTransformer;
  readonly #userContext: object;
  #row = noRow;

  constructor({ definition, stores }: TransformerParts, context: ProcessorContext) {
    this.#definition = definition;
    const metadata = (): RecordInfo["metadata"] => this.#row.metadata;
    const userContext = Object.assign(
      userContextOf(context, definition.state?.(), metadata),
      Object.fromEntries(stores.map((store) => [store.name, openStore(store, context)])),
    );
    const record = { enumerable: true, get: (): RecordInfo => this.#row };
    this.#userContext = Object.freeze(Object.defineProperty(userContext, "record", record));
    definition.init?.(this.#userContext);
  }

  /** @param row what the transformer may ask about the value */
  transform(key: unknown, value: unknown, row: RecordInfo): unknown {
    this.#row = row;
    try {
      const transformed = this.#definition.transform(value, key, this.#userContext);
      return requireValue(transformed, "transformValues");
    } finally {
      this.#row = noRow;
    }
  }

  close(): void {
    this.#definition.close?.(this.#userContext);
  }
}

/**
 * A table whose values are made when they are asked for, by a transformer of its own: with a state of its own, and the
 * stores of the operator.
 */
export function transformedView(
  parent: TableView,
  parts: TransformerParts,
  stores: readonly string[],
): TableView {
  return {
    storeNames: [...new Set([...parent.storeNames, ...stores])],
    historyRetentionMs: parent.historyRetentionMs,
    open: (context) => {
      const transformer = new ValueTransformer(parts, context);
      context.taskScope.whenClosed(() => transformer.close());
      return new TransformedGetter(parent.open(context), transformer);
    },
  };
}

class TransformedGetter implements ValueGetter {
  readonly #parent: ValueGetter;
  readonly #transformer: ValueTransformer;
  #timestamp: Timestamp = -1;

  constructor(parent: ValueGetter, transformer: ValueTransformer) {
    this.#parent = parent;
    this.#transformer = transformer;
  }

  get(key: unknown, asOf?: Timestamp): unknown {
    const value = this.#parent.get(key, asOf) ?? null;
    const timestamp = value === null ? -1 : this.#parent.timestamp;
    const row = { timestamp, headers: noHeaders, metadata: undefined };
    const transformed = this.#transformer.transform(key, value, row);
    this.#timestamp = transformed === null ? -1 : timestamp;
    return transformed;
  }

  get timestamp(): Timestamp {
    return this.#timestamp;
  }
}
