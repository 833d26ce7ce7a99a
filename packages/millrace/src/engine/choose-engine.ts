import { causesOf, messageOf } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { TuneEngine } from "@millrace/state";

import type { ApplicationEngine } from "./application-engine.ts";
import { requireRocksdb } from "./rocksdb-engine.ts";

export interface WantedEngine {
  /** Undefined: what fits. */
  readonly storeEngine: ApplicationEngine | undefined;
  readonly stateDirectory?: string;
  readonly rocksdbConfig: TuneEngine | undefined;
}

/**
 * The engine of an application: the one that it asks for; else one that is durable where there is a folder for it, RocksDB or,
 * where that cannot be loaded, SQLite. What a user might not expect is told, once.
 */
export async function chooseEngine(
  platform: Platform,
  topology: { readonly storeNames: readonly string[] },
  wanted: WantedEngine,
): Promise<ApplicationEngine> {
  const engine = wanted.storeEngine ?? (await fittingEngine(platform, topology, wanted));
  if (wanted.rocksdbConfig !== undefined && engine !== "rocksdb")
    platform.logger.log("warn", "millrace.option-unused", { option: "rocksdbConfig", engine });
  return engine;
}

async function fittingEngine(
  platform: Platform,
  { storeNames }: { readonly storeNames: readonly string[] },
  { stateDirectory }: WantedEngine,
): Promise<ApplicationEngine> {
  // Without stores there is nothing to keep: what opens everywhere does, and folders of an earlier program stay as they are.
  if (stateDirectory === undefined || storeNames.length === 0) return "memory";
  try {
    await requireRocksdb(platform);
    return "rocksdb";
  } catch (error) {
    const cause = firstLineOf(error);
    platform.logger.log("warn", "millrace.store-engine-chosen", { engine: "sqlite", cause });
    return "sqlite";
  }
}

/** What is beneath: which package is not there, or what keeps its native code from being loaded. */
function firstLineOf(error: unknown): string {
  return messageOf(causesOf(error).at(-1) ?? error).split("\n")[0];
}
