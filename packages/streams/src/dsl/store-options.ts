import { toMilliseconds, type Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import {
  timestampedKeyValueStore,
  timestampedWindowStore,
  type StoreEngineKind,
  type StoreSpecification,
} from "@millrace/state";

import { TopologyError } from "../error/topology-error.ts";
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
  /** Of windows: how long they are kept, by stream time (Kafka: `withRetention`). Default: size and grace. */
  readonly retention?: Duration;
}

/** Reads the option, and burns an index where the name is to be generated. */
export function draftStore(
  option: StoreOption | undefined,
  prefix: string,
  naming: Naming,
): StoreDraft {
  return draftOf(option, { prefix, naming }, (common) =>
    timestampedKeyValueStore<unknown, unknown>(common),
  );
}

interface CommonOptions {
  readonly name: string;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  readonly caching: boolean;
  readonly logging: boolean;
  readonly engine: StoreEngineKind;
}

function draftOf(
  option: StoreOption | undefined,
  { prefix, naming }: { readonly prefix: string; readonly naming: Naming },
  specify: (common: CommonOptions) => StoreSpecification,
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
        specified.get(engine) ?? specify({ name, key, value, caching, logging, engine });
      specified.set(engine, specification);
      return specification;
    },
  };
}

export interface WindowTimes {
  readonly sizeMs: number;
  /** For so long a window may still change. */
  readonly retentionMsMin: number;
  /** False: results leave when their window closes, and nothing is held back. */
  readonly mayCache: boolean;
}

/** As `draftStore`, for windows. */
export function draftWindowStore(
  option: StoreOption | undefined,
  { prefix, naming }: { readonly prefix: string; readonly naming: Naming },
  times: WindowTimes,
): StoreDraft {
  const options: StoreOptions = typeof option === "string" ? { name: option } : (option ?? {});
  const { sizeMs, retentionMsMin, mayCache } = times;
  const retentionMs =
    options.retention === undefined
      ? retentionMsMin
      : toMilliseconds(options.retention, "retention of the store");
  if (retentionMs < retentionMsMin)
    throw new TopologyError(
      "INVALID_WINDOWS",
      `retention of the store is ${retentionMs} ms; windows and their grace need at least ${retentionMsMin} ms`,
    );
  return draftOf(option, { prefix, naming }, (common) =>
    timestampedWindowStore<unknown, unknown>({
      ...common,
      caching: common.caching && mayCache,
      windowSize: sizeMs,
      retention: retentionMs,
    }),
  );
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
