import type { Platform } from "@millrace/platform";
import {
  DatabaseFolders,
  MemoryBudget,
  StateError,
  type MemoryShare,
  type StoreEngine,
  type StoreEngineProvider,
  type TuneEngine,
} from "@millrace/state";
import { gaugeDatabase } from "./database-gauges.ts";
import { tellDroppedWrites } from "./dropped-writes.ts";
import { loadRocksdb } from "./load-rocksdb.ts";
import {
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
 * damaged database is renamed to `DIRECTORY.corrupt-MS`, with the log event `state.moved-aside`, and begins anew; one
 * that is found damaged while it is open (`STORE_DAMAGED`) does so with its next `open`, once in a process. Writes that a
 * damaged write-ahead log has lost are told with `rocksdb.writes-dropped`, and restored.
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
  readonly #folders: DatabaseFolders;
  #native: ReturnType<typeof loadRocksdb> | null = null;

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
    const damageOf = (error: unknown): string | undefined =>
      openFailureOf(error) === "damaged" ? rootOf(error).message : undefined;
    this.#folders = new DatabaseFolders({ platform, engine: "rocksdb", damageOf });
  }

  async open(directory: string): Promise<StoreEngine> {
    this.#native ??= loadRocksdb(this.#platform);
    const native = this.#native;
    try {
      return await this.#folders.open(directory, (onDamage) =>
        this.#openDatabase(native, directory, onDamage),
      );
    } catch (error) {
      throw refusal(directory, error);
    }
  }

  async #openDatabase(
    native: ReturnType<typeof loadRocksdb>,
    directory: string,
    onDamage: () => boolean,
  ): Promise<StoreEngine> {
    const task = directory.slice(directory.lastIndexOf("/") + 1);
    const { share, options } = this.#shareOf(task);
    try {
      const database = await NativeDatabase.open(native, directory, options);
      tellDroppedWrites(this.#platform, directory);
      const { metrics } = this.#platform;
      const removeGauges = gaugeDatabase(metrics, task, (name) => database.property(name));
      const onClose = (): void => {
        removeGauges();
        share.release();
      };
      return new RocksdbEngine({ directory, database, onClose, onDamage });
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
    if (share.isNews)
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
    `RocksDB could not open ${directory}: ${message}. Check the disk, the permissions, and how many files may be open (\`ulimit -n\`).`,
    error,
  );
}
