import { FileSystemError, type FileLock, type FileSystem } from "@millrace/platform";
import { LogDirectoryError } from "./log-error.ts";

/** Names of the files that a lock leaves begin with it. */
export const lockName = ".lock";

/** @throws LogDirectoryError `IN_USE` */
export async function lockDirectory(
  fileSystem: FileSystem,
  path: string,
  note: string | undefined,
): Promise<FileLock> {
  const lockPath = `${path}/${lockName}`;
  try {
    return await fileSystem.lock(lockPath, note);
  } catch (error) {
    if (!(error instanceof FileSystemError) || error.code !== "LOCKED") throw error;
    const holder = fileSystem.readLockNote(lockPath) ?? "unknown";
    throw new LogDirectoryError(
      "IN_USE",
      path,
      `another process uses it (${holder}); connect to that one, or stop it first`,
      error,
    );
  }
}
