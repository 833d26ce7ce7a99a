import { StateError } from "../contract/state-error.ts";

/** What a database could not do. */
export interface EngineFailure {
  /** The database's product, such as `SQLite`. */
  readonly engine: string;
  readonly directory: string;
  /** A verb, such as `read`. */
  readonly what: string;
  readonly reason: string;
  readonly isCorruption: boolean;
  /** What to do where it is no damage. Default: `Check the disk.` */
  readonly advice?: string;
  /** Told where it is damaged. True: opened again it will begin anew. */
  readonly onDamage: () => boolean;
}

/** The error of a read or write that a database refused: damage is mended by opening it again, once; all else by people. */
export function engineFailure(failure: EngineFailure, cause: unknown): StateError {
  const { engine, directory, what, reason, isCorruption, onDamage } = failure;
  const { advice = "Check the disk." } = failure;
  const told = `${engine} could not ${what} in ${directory}: ${reason}.`;
  if (!isCorruption) return new StateError("STORE_ENGINE_FAILED", `${told} ${advice}`, cause);
  if (onDamage())
    return new StateError(
      "STORE_DAMAGED",
      `${told} The database is moved aside when its task is opened again, and restored from its changelogs.`,
      cause,
    );
  return new StateError(
    "STORE_ENGINE_FAILED",
    `${told} It was damaged before, and restored, since this process began: check the disk. The next start restores it again.`,
    cause,
  );
}
