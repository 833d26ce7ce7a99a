import { FileSystemError, type FileLock, type Platform } from "@millrace/platform";

import { StateError } from "../contract/state-error.ts";

/**
 * Has a folder for one engine alone, until it is released or the thread that has it ends.
 *
 * @throws StateError `STORE_ENGINE_LOCKED`
 */
export async function lockDirectory(
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
