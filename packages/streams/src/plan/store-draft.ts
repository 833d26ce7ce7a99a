import type { Serde } from "@millrace/serde";
import type { StoreEngineKind, StoreSpecification } from "@millrace/state";

/** A store of a table, named, and still without what only the build knows. */
export interface StoreDraft {
  readonly name: string;
  readonly isNamedByUser: boolean;
  /** Of a versioned store; undefined: it keeps no history. */
  readonly historyRetentionMs?: number | undefined;
  /** The same specification each time: whoever asks shares the store. */
  readonly specify: (
    serdes: { readonly key: Serde<unknown>; readonly value: Serde<unknown> },
    engine: StoreEngineKind,
  ) => StoreSpecification;
}
