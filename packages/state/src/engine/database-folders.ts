import type { Platform } from "@millrace/platform";

import type { StoreEngine } from "../contract/store-engine.ts";
import { moveAside } from "./move-aside.ts";

/** By which file in it a folder says whose it is: each engine makes its own first, and has it for good. */
const fileOf = { rocksdb: "CURRENT", sqlite: "store.sqlite" } as const;

export type DatabaseEngine = keyof typeof fileOf;

export interface DatabaseFoldersOptions {
  readonly platform: Pick<Platform, "fileSystem" | "clock" | "logger">;
  readonly engine: DatabaseEngine;
  /** Why a database cannot be opened, where that is damage; undefined: it is not. */
  readonly damageOf: (error: unknown) => string | undefined;
}

/** Opens the database in a folder. @param onDamage a read or write found damage; true: opened again it begins anew */
export type OpenDatabase = (onDamage: () => boolean) => Promise<StoreEngine>;

/**
 * What providers share whose engines are databases on the disk, a folder each: what cannot be used is moved aside, never
 * deleted, and its task is restored from the changelogs.
 *
 *     found             becomes                  event
 *     another engine's  DIRECTORY.ENGINE-MS      state.engine-changed
 *     damaged           DIRECTORY.corrupt-MS     state.moved-aside
 *
 * STATE-21: damage that is found while a database is open has it begin anew with the next opening, once in a process:
 * what comes back is the disk's.
 */
export class DatabaseFolders {
  readonly #options: DatabaseFoldersOptions;
  /** Directories whose database was found damaged while it was open. */
  readonly #damaged = new Set<string>();
  /** Those that began anew for it. */
  readonly #renewed = new Set<string>();

  constructor(options: DatabaseFoldersOptions) {
    this.#options = options;
  }

  /** @throws what `openDatabase` throws, but for damage where a second try does not end so */
  async open(directory: string, openDatabase: OpenDatabase): Promise<StoreEngine> {
    const { fileSystem } = this.#options.platform;
    this.#leaveOthers(directory);
    if (this.#damaged.delete(directory)) {
      this.#setDamagedAside(directory, "damaged while it was open");
      this.#renewed.add(directory);
    }
    const onDamage = (): boolean => {
      this.#damaged.add(directory);
      return !this.#renewed.has(directory);
    };
    fileSystem.makeDirectory(directory);
    try {
      return await openDatabase(onDamage);
    } catch (error) {
      const damage = this.#options.damageOf(error);
      if (damage === undefined) throw error;
      this.#setDamagedAside(directory, damage);
    }
    fileSystem.makeDirectory(directory);
    return openDatabase(onDamage);
  }

  /** What another engine knows is not known here: reading both would bring back what was deleted since. */
  #leaveOthers(directory: string): void {
    const { platform, engine } = this.#options;
    const { fileSystem, clock, logger } = platform;
    for (const [other, file] of Object.entries(fileOf)) {
      if (other === engine || fileSystem.stat(`${directory}/${file}`) === undefined) continue;
      const movedTo = moveAside(fileSystem, directory, { as: other, nowMs: clock.wallMs() });
      logger.log("warn", "state.engine-changed", { directory, from: other, to: engine, movedTo });
    }
  }

  #setDamagedAside(directory: string, reason: string): void {
    const { platform, engine } = this.#options;
    const { fileSystem, clock, logger } = platform;
    if (fileSystem.stat(directory) === undefined) return; // removed meanwhile
    const movedTo = moveAside(fileSystem, directory, { as: "corrupt", nowMs: clock.wallMs() });
    logger.log("error", "state.moved-aside", { engine, directory, movedTo, reason });
  }
}
