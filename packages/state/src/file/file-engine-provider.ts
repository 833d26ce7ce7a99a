import { FileSystemError, type FileLock, type Platform } from "@millrace/platform";
import { StateError } from "../contract/state-error.ts";
import type { StoreEngine, StoreEngineProvider } from "../contract/store-engine.ts";
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

async function lockDirectory(
  { fileSystem }: Pick<Platform, "fileSystem">,
  directory: string,
): Promise<FileLock> {
  try {
    return await fileSystem.lock(`${directory}/store.lock`);
  } catch (error) {
    if (!(error instanceof FileSystemError) || error.code !== "LOCKED") throw error;
    throw new StateError(
      "STORE_ENGINE_LOCKED",
      `the stores in ${directory} are open already, in this process or another; give each instance a state directory of its own`,
      error,
    );
  }
}
