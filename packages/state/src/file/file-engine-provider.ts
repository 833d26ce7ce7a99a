import type { Platform } from "@millrace/platform";
import type { StoreEngine, StoreEngineProvider } from "../contract/store-engine.ts";
import { lockDirectory } from "../engine/lock-directory.ts";
import { FileEngine } from "./file-engine.ts";

/**
 * In-memory engines that keep their batches in files of the platform's file system: for simulations, where a kill
 * must leave what a kill leaves, and for machines without RocksDB. All data is in memory while the engine is open.
 *
 * `open` throws `StateError`: `STORE_ENGINE_LOCKED`, `STORE_FORMAT_TOO_NEW`.
 *
 * @example const engines = fileEngineProvider(platform);
 */
export function fileEngineProvider(
  platform: Pick<Platform, "fileSystem" | "logger">,
): StoreEngineProvider {
  const { fileSystem, logger } = platform;
  return {
    isPersistent: true,
    open: async (directory: string): Promise<StoreEngine> => {
      fileSystem.makeDirectory(directory);
      const lock = await lockDirectory(platform, directory);
      try {
        return new FileEngine({
          fileSystem,
          directory,
          lock,
          onTornTail: (bytes) => logger.log("warn", "state.torn-tail-cut", { directory, bytes }),
        });
      } catch (error) {
        lock.release();
        throw error;
      }
    },
  };
}
