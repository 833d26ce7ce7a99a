import type { StoreEngineKind } from "@millrace/state";

import { checkName } from "../../plan/naming.ts";
import type { PlanRecorder } from "../../plan/plan.ts";

/** How an operator keeps what it must remember. It is never cached. A text is its name. */
export type AddedStoreOption = string | AddedStoreOptions;

export interface AddedStoreOptions {
  /** Also in the changelog's name; default: a name after the operator's, or a generated one. */
  readonly name?: string;
  /** Default: `storeEngine` of `build`. `rocksdb` is in memory too where the application has no RocksDB. */
  readonly engine?: StoreEngineKind;
  /** False: no changelog; what the store holds is gone with the disk. Default true. */
  readonly logging?: boolean;
}

export interface AddedStore {
  readonly name: string;
  /** True: that of the operator is enough. */
  readonly isNamedByUser: boolean;
  /** Undefined: as the topology has it. */
  readonly engine: StoreEngineKind | undefined;
  readonly logging: boolean;
}

/** Burns an index, named or not, so that naming one operator leaves the names of the others alone. */
export function addedStore(
  { naming }: PlanRecorder,
  prefix: string,
  { name, store }: { readonly name?: string; readonly store?: AddedStoreOption },
): AddedStore {
  const given: AddedStoreOptions = typeof store === "string" ? { name: store } : (store ?? {});
  const chosen = given.name ?? (name === undefined ? undefined : `${name}-store`);
  const generated = naming.store(prefix);
  if (chosen === undefined) naming.noteGenerated(generated);
  else checkName(chosen);
  return {
    name: chosen ?? generated,
    isNamedByUser: chosen !== undefined,
    engine: given.engine,
    logging: given.logging ?? true,
  };
}
