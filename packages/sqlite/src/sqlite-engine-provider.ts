import type { Platform } from "@millrace/platform";
import {
  DatabaseFolders,
  lockDirectory,
  MemoryBudget,
  StateError,
  type StoreEngine,
  type StoreEngineProvider,
} from "@millrace/state";

import { tellDroppedWrites } from "./dropped-writes.ts";
import { loadSqlite, type SqliteModule } from "./load-sqlite.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteEngine, type SqliteEngineOptions } from "./sqlite-engine.ts";
import { isBusy, isCorruption, isOfSqlite, othersAdvice } from "./sqlite-errors.ts";

export interface SqliteOptions {
  /** The most that the page caches of all databases take together: each gets up to a quarter of what is left. Default 512 MiB. */
  readonly memoryBytesMax?: number;
  /** The most that the page cache of one database takes. Default 8 MiB. */
  readonly cacheBytes?: number;
}

const mebibyte = 1024 * 1024;

type EngineOwner = Pick<SqliteEngineOptions, "onDamage" | "onClose">;

/**
 * Opens a SQLite database per task, by the runtime's own `node:sqlite`: on every machine that Node runs on, on Deno and on
 * Bun. It is loaded with the first `open`.
 *
 * `open` throws `StateError`: `STORE_ENGINE_UNAVAILABLE` where the runtime has no `node:sqlite`, `STORE_ENGINE_LOCKED`
 * where the database is open already, `STORE_FORMAT_TOO_NEW`, `STORE_FORMAT_UNKNOWN`, `STORE_ENGINE_FAILED` where it cannot be opened. A damaged
 * database is renamed to `DIRECTORY.corrupt-MS`, with the log event `state.moved-aside`, and begins anew; one that is found
 * damaged while it is open (`STORE_DAMAGED`) does so with its next `open`, once in a process. Writes that a damaged log of
 * a process that was killed has lost are told with `sqlite.writes-dropped`, and restored.
 *
 * @example const engines = sqliteEngineProvider(platform);
 */
export function sqliteEngineProvider(
  platform: Platform,
  options: SqliteOptions = {},
): StoreEngineProvider {
  return new SqliteEngineProvider(platform, options);
}

class SqliteEngineProvider implements StoreEngineProvider {
  readonly isPersistent = true;
  readonly #platform: Platform;
  readonly #cacheBytes: number;
  readonly #memory: MemoryBudget;
  readonly #folders: DatabaseFolders;
  #native: SqliteModule | undefined;

  constructor(platform: Platform, options: SqliteOptions) {
    this.#platform = platform;
    this.#cacheBytes = options.cacheBytes ?? 8 * mebibyte;
    this.#memory = new MemoryBudget(options.memoryBytesMax ?? 512 * mebibyte);
    const damageOf = (error: unknown): string | undefined =>
      isCorruption(error) ? String(error) : undefined;
    this.#folders = new DatabaseFolders({ platform, engine: "sqlite", damageOf });
  }

  async open(directory: string): Promise<StoreEngine> {
    this.#native ??= load();
    const native = this.#native;
    try {
      return await this.#folders.open(directory, (onDamage) =>
        this.#openLocked(native, directory, onDamage),
      );
    } catch (error) {
      throw refusal(directory, error);
    }
  }

  async #openLocked(
    native: SqliteModule,
    directory: string,
    onDamage: () => boolean,
  ): Promise<StoreEngine> {
    const lock = await lockDirectory(this.#platform, directory);
    try {
      return this.#openDatabase(native, directory, { onDamage, onClose: () => lock.release() });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  #openDatabase(native: SqliteModule, directory: string, owner: EngineOwner): StoreEngine {
    const task = directory.slice(directory.lastIndexOf("/") + 1);
    const { logger, metrics } = this.#platform;
    const share = this.#memory.take(this.#cacheBytes);
    if (share.isNews)
      logger.log("warn", "sqlite.memory-used-up", { task, usedBytes: this.#memory.usedBytes });
    try {
      const path = `${directory}/store.sqlite`;
      const beginsLog = tellDroppedWrites(this.#platform, { directory, path: `${path}-wal` });
      const { bytes: cacheBytes } = share;
      const database = SqliteDatabase.open(native, { path, cacheBytes, beginsLog });
      const removals = [
        metrics.gauge("sqlite-file-bytes", () => database.fileBytes(), { task }),
        metrics.gauge("sqlite-free-bytes", () => database.freeBytes(), { task }),
      ];
      const onClose = (): void => {
        for (const remove of removals) remove();
        share.release();
        owner.onClose();
      };
      return new SqliteEngine({ directory, database, onDamage: owner.onDamage, onClose });
    } catch (error) {
      share.release();
      throw error;
    }
  }
}

function load(): SqliteModule {
  try {
    return loadSqlite();
  } catch (error) {
    throw new StateError(
      "STORE_ENGINE_UNAVAILABLE",
      'SQLite cannot be loaded here: this runtime has no node:sqlite; Node has it, Deno from 2.2, and Bun 1.4. Take a newer one, or keep stores in memory (`storeEngine: "memory"` in the options of StreamsApp.start); they are restored from their changelogs after each start.',
      error,
    );
  }
}

function refusal(directory: string, error: unknown): unknown {
  if (!isOfSqlite(error)) return error;
  const advice = isBusy(error)
    ? othersAdvice
    : "Check the disk, the permissions, and how many files may be open (`ulimit -n`): each task has four.";
  return new StateError(
    "STORE_ENGINE_FAILED",
    `SQLite could not open ${directory}: ${error.message}. ${advice}`,
    error,
  );
}
