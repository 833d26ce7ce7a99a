import type { Platform } from "@millrace/platform";
import { sqliteEngineProvider } from "@millrace/sqlite";
import { memoryEngineProvider, type StoreEngineProvider, type TuneEngine } from "@millrace/state";

import type { ApplicationEngine } from "./application-engine.ts";
import { openRocksdbEngine } from "./rocksdb-engine.ts";

export interface EngineSettings {
  readonly rocksdbMemoryMax: number;
  readonly rocksdbConfig: TuneEngine | undefined;
}

export async function openEngines(
  platform: Platform,
  engine: ApplicationEngine,
  { rocksdbMemoryMax: memoryBytesMax, rocksdbConfig: tune }: EngineSettings,
): Promise<StoreEngineProvider> {
  switch (engine) {
    case "memory":
      return memoryEngineProvider();
    case "sqlite":
      return sqliteEngineProvider(platform, { memoryBytesMax });
    case "rocksdb":
      return openRocksdbEngine(platform, {
        memoryBytesMax,
        ...(tune === undefined ? {} : { tune }),
      });
    default:
      return engine satisfies never;
  }
}
