import type { Serde } from "@millrace/serde";
import type { StoreEngineKind, StoreSpecification } from "@millrace/state";

import type { StoreDefaults } from "../topology/store-defaults.ts";

/** A store of a table, named, and still without what only the build knows. */
export interface StoreDraft {
  readonly name: string;
  readonly isNamedByUser: boolean;
  /** Of a versioned store; undefined: it keeps no history. */
  readonly historyRetentionMs?: number | undefined;
  /** Of a store whose rows expire, and how their deadlines are kept; undefined: they do not. */
  readonly expiry?: {
    readonly ttlMs: number;
    readonly caching: boolean;
    readonly logging: boolean;
    /** Undefined: as the topology has it. */
    readonly engine: StoreEngineKind | undefined;
  };
  /** The same specification each time: whoever asks shares the store. */
  readonly specify: (
    serdes: { readonly key: Serde<unknown>; readonly value: Serde<unknown> },
    defaults: StoreDefaults,
  ) => StoreSpecification;
}
