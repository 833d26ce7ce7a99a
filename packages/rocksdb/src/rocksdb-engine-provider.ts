import type { Platform } from "@millrace/platform";
import { StateError, type StoreEngine, type StoreEngineProvider } from "@millrace/state";
import { moveAside } from "./move-aside.ts";
import { loadNative, NativeDatabase, openFailureOf, rootOf } from "./native-database.ts";
import { RocksdbEngine } from "./rocksdb-engine.ts";

export interface RocksdbOptions {
  /** The most that memtables of one database take. Default 12 MiB. */
  readonly memtableBytesMax?: number;
  /** Block cache of one database. Default 8 MiB. */
  readonly blockCacheBytes?: number;
}

const mebibyte = 1024 * 1024;

/**
 * Opens a RocksDB database per task (Kafka: the default store engine). The native code is loaded with the first
 * `open`, so that a program without stores, or with stores in memory, runs where there is none.
 *
 * `open` throws `StateError`: `STORE_ENGINE_UNAVAILABLE` where the machine has no prebuilt binary,
 * `STORE_ENGINE_LOCKED` where the database is open already, `STORE_ENGINE_FAILED` where it cannot be opened. A
 * damaged database is renamed to `DIRECTORY.corrupt-MS`, with the log event `rocksdb.moved-aside`, and begins anew; one
 * that is found damaged while it is open (`STORE_DAMAGED`) does so with its next `open`, once in a process.
 *
 * @example const engines = rocksdbEngineProvider(platform);
 */
export function rocksdbEngineProvider(
  platform: Platform,
  options: RocksdbOptions = {},
): StoreEngineProvider {
  return new RocksdbEngineProvider(platform, options);
}

class RocksdbEngineProvider implements StoreEngineProvider {
  readonly isPersistent = true;
  readonly #platform: Platform;
  readonly #options: { readonly memtableBytesMax: number; readonly blockCacheBytes: number };
  /** Directories whose database was found damaged while it was open. */
  readonly #damaged = new Set<string>();
  /** Those that began anew for it: damage that comes back is the disk's. */
  readonly #renewed = new Set<string>();
  #native: ReturnType<typeof loadNative> | null = null;

  constructor(platform: Platform, options: RocksdbOptions) {
    this.#platform = platform;
    this.#options = {
      memtableBytesMax: options.memtableBytesMax ?? 12 * mebibyte,
      blockCacheBytes: options.blockCacheBytes ?? 8 * mebibyte,
    };
  }

  async open(directory: string): Promise<StoreEngine> {
    this.#native ??= load();
    if (this.#damaged.delete(directory)) {
      this.#moveAside(directory, "damaged while it was open");
      this.#renewed.add(directory);
    }
    try {
      return await this.#openDatabase(this.#native, directory);
    } catch (error) {
      if (openFailureOf(error) !== "damaged") throw refusal(directory, error);
      this.#moveAside(directory, rootOf(error).message);
    }
    try {
      return await this.#openDatabase(this.#native, directory);
    } catch (error) {
      throw refusal(directory, error);
    }
  }

  async #openDatabase(
    native: ReturnType<typeof loadNative>,
    directory: string,
  ): Promise<StoreEngine> {
    this.#platform.fileSystem.makeDirectory(directory);
    const database = await NativeDatabase.open(native, directory, this.#options);
    const isRenewed = this.#renewed.has(directory);
    return new RocksdbEngine({
      directory,
      database,
      onDamage: () => {
        this.#damaged.add(directory);
        return !isRenewed;
      },
    });
  }

  #moveAside(directory: string, reason: string): void {
    const { fileSystem, clock, logger } = this.#platform;
    const movedTo = moveAside(fileSystem, directory, clock.wallMs());
    logger.log("error", "rocksdb.moved-aside", { directory, movedTo, reason });
  }
}

function load(): ReturnType<typeof loadNative> {
  try {
    return loadNative();
  } catch (error) {
    throw new StateError(
      "STORE_ENGINE_UNAVAILABLE",
      'RocksDB cannot be loaded here: there are binaries for Linux x64 (glibc, AVX2) and macOS arm64 only. Keep stores in memory instead (`storeEngine: "memory"` in the options of StreamsApp.start); they are restored from their changelogs after each start.',
      error,
    );
  }
}

function refusal(directory: string, error: unknown): unknown {
  const { message } = rootOf(error);
  if (openFailureOf(error) === "locked")
    return new StateError(
      "STORE_ENGINE_LOCKED",
      `the RocksDB database in ${directory} is open already, in this process or another; give each instance a state directory of its own. (${message})`,
      error,
    );
  if (!rootOf(error).code.startsWith("LEVEL_")) return error;
  return new StateError(
    "STORE_ENGINE_FAILED",
    `RocksDB could not open ${directory}: ${message}. Check the disk and the permissions.`,
    error,
  );
}
