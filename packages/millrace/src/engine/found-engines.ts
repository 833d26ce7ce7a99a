import type { Platform } from "@millrace/platform";
import { sqliteEngineProvider } from "@millrace/sqlite";
import { memoryEngineProvider, type StoreEngineProvider } from "@millrace/state";

import { openRocksdbEngine } from "./rocksdb-engine.ts";

/**
 * For whoever reads state that applications have left: each folder is opened by the engine that has made it. Another
 * one would set it aside.
 */
export function foundEngines(platform: Platform): StoreEngineProvider {
  const holds = (directory: string, file: string): boolean =>
    platform.fileSystem.stat(`${directory}/${file}`) !== undefined;
  return {
    isPersistent: true,
    open: async (directory) => {
      if (holds(directory, "store.sqlite"))
        return sqliteEngineProvider(platform, {}).open(directory);
      if (holds(directory, "CURRENT"))
        return (await openRocksdbEngine(platform, {})).open(directory);
      return memoryEngineProvider().open(directory);
    },
  };
}
