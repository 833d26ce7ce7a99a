import type { FileSystem } from "@millrace/platform";
import { parentOf } from "./checkpoint-file.ts";

/** Makes a directory unless it is there, and its entry durable. */
export async function makeDurableDirectory(
  fileSystem: FileSystem,
  path: string,
  syncParent = () => fileSystem.syncDirectory(parentOf(path)),
): Promise<void> {
  if (fileSystem.stat(path) !== undefined) return;
  fileSystem.makeDirectory(path);
  try {
    await syncParent();
  } catch (error) {
    // Its entry may be on no device: who opens it again has to make it again.
    fileSystem.removeDirectory(path);
    throw error;
  }
}
