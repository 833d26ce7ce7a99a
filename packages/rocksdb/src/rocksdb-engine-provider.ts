import type { Platform } from "@millrace/platform";
import {
  StateError,
  type StoreEngine,
  type StoreEngineProvider,
  type TuneEngine,
} from "@millrace/state";
import { gaugeDatabase } from "./database-gauges.ts";
import { MemoryBudget, type MemoryShare } from "./memory-budget.ts";
import { moveAside } from "./move-aside.ts";
import {
  loadNative,
  NativeDatabase,
  openFailureOf,
  rootOf,
  type NativeDatabaseOptions,
} from "./native-database.ts";
import { RocksdbEngine } from "./rocksdb-engine.ts";

export interface RocksdbOptions {
  /**
   * The most that memtables and block caches of all databases take together: each gets up to a quarter of what is left as
   * it is opened. Default 512 MiB.
   */
  readonly memoryBytesMax?: number;
  /** The most that memtables of one database take. Default 12 MiB. */
  readonly memtableBytesMax?: number;
  /** Block cache of one database. Default 8 MiB. */
  readonly blockCacheBytes?: number;
  /** Sets up single databases otherwise (Kafka: `rocksdb.config.setter`). */
  readonly tune?: TuneEngine;
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
  readonly #defaults: NativeDatabaseOptions;
  readonly #tune: TuneEngine;
  readonly #memory: MemoryBudget;
  /** Directories whose database was found damaged while it was open. */
  readonly #damaged = new Set<string>();
  /** Those that began anew for it: damage that comes back is the disk's. */
  readonly #renewed = new Set<string>();
  #native: ReturnType<typeof loadNative> | null = null;

  constructor(platform: Platform, options: RocksdbOptions) {
    this.#platform = platform;
    this.#defaults = {
      memtableBytesMax: options.memtableBytesMax ?? 12 * mebibyte,
      blockCacheBytes: options.blockCacheBytes ?? 8 * mebibyte,
      blockBytes: 4096,
      isCompressed: true,
      compaction: "level",
      bloomBitsPerKey: 10,
    };
    this.#tune = options.tune ?? (() => undefined);
    this.#memory = new MemoryBudget(options.memoryBytesMax ?? 512 * mebibyte);
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
    const task = directory.slice(directory.lastIndexOf("/") + 1);
    const { share, options } = this.#shareOf(task);
    try {
      const database = await NativeDatabase.open(native, directory, options);
      const { metrics } = this.#platform;
      const removeGauges = gaugeDatabase(metrics, task, (name) => database.property(name));
      return this.#engine(directory, database, () => {
        removeGauges();
        share.release();
      });
    } catch (error) {
      share.release();
      throw error;
    }
  }

  /** Memtables and block cache shrink alike where there is not enough for both. */
  #shareOf(task: string): { readonly share: MemoryShare; readonly options: NativeDatabaseOptions } {
    const wanted = { ...this.#defaults, ...this.#tune(task) };
    const wantedBytes = wanted.memtableBytesMax + wanted.blockCacheBytes;
    const share = this.#memory.take(wantedBytes);
    if (share.isBeyond)
      this.#platform.logger.log("warn", "rocksdb.memory-used-up", {
        task,
        usedBytes: this.#memory.usedBytes,
      });
    const part = wantedBytes === 0 ? 1 : share.bytes / wantedBytes;
    const options = {
      ...wanted,
      memtableBytesMax: Math.floor(wanted.memtableBytesMax * part),
      blockCacheBytes: Math.floor(wanted.blockCacheBytes * part),
    };
    return { share, options };
  }

  #engine(directory: string, database: NativeDatabase, onClose: () => void): StoreEngine {
    const isRenewed = this.#renewed.has(directory);
    return new RocksdbEngine({
      directory,
      database,
      onClose,
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
