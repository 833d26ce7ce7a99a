import {
  timestampedKeyValueStore,
  type StoreEngineKind,
  type StoreSpecification,
} from "@millrace/state";

import { checkName, type Naming } from "../plan/naming.ts";
import type { StoreDraft } from "../plan/store-draft.ts";

/** How a table is kept (Kafka: `Materialized`). A text is its name. */
export type StoreOption = string | StoreOptions;

export interface StoreOptions {
  /** For queries, and in the changelog's name; default: a generated one. */
  readonly name?: string;
  /** Default: `storeEngine` of `build`. `rocksdb` is in memory too where the application has no RocksDB. */
  readonly engine?: StoreEngineKind;
  /** False: every update is written and forwarded at once. Default true. */
  readonly caching?: boolean;
  /** False: no changelog; what the store holds is gone with the disk. Default true. */
  readonly logging?: boolean;
}

/** Reads the option, and burns an index where the name is to be generated. */
export function draftStore(
  option: StoreOption | undefined,
  prefix: string,
  naming: Naming,
): StoreDraft {
  const options: StoreOptions = typeof option === "string" ? { name: option } : (option ?? {});
  if (options.name !== undefined) checkName(options.name);
  const name = options.name ?? naming.store(prefix);
  if (options.name === undefined) naming.noteGenerated(name);
  const specified = new Map<StoreEngineKind, StoreSpecification>();
  return {
    name,
    isNamedByUser: options.name !== undefined,
    specify: ({ key, value }, defaultEngine) => {
      const { caching = true, logging = true, engine = defaultEngine } = options;
      const specification =
        specified.get(engine) ??
        timestampedKeyValueStore<unknown, unknown>({ name, key, value, caching, logging, engine });
      specified.set(engine, specification);
      return specification;
    },
  };
}

/** Of an operator that keeps its table only where the user named it. Burns an index as Kafka does. */
export function draftNamedStore(
  option: StoreOption | undefined,
  prefix: string,
  naming: Naming,
): StoreDraft | undefined {
  if (option === undefined) return undefined;
  if (typeof option === "string" || option.name !== undefined)
    return draftStore(option, prefix, naming);
  naming.store(prefix);
  return undefined;
}
