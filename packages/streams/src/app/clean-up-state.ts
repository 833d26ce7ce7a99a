import type { Platform } from "@millrace/platform";

import { removeFolder } from "./remove-folder.ts";
import { StateDirectory } from "./state-directory.ts";

/**
 * Removes the state of an application that does not run here: the stores of its tasks, its global stores, what of them was set aside, and
 * what it knows of its topics (Kafka: `KafkaStreams.cleanUp`). The process keeps its id, and so its seat in the group. The
 * stores are rebuilt from their changelogs at the next start; after a reset of the application they must go.
 *
 * @returns the folders and files that were removed; none where there was no state
 * @throws ApplicationError `STATE_DIRECTORY_IN_USE`: the application runs
 * @example
 * await cleanUpState(nodePlatform(), "./state", "order-stats");
 */
export async function cleanUpState(
  platform: Platform,
  stateDirectory: string,
  applicationId: string,
): Promise<readonly string[]> {
  const { fileSystem } = platform;
  if (fileSystem.stat(`${stateDirectory}/${applicationId}`) === undefined) return [];
  const directory = await StateDirectory.open(platform, stateDirectory, applicationId);
  try {
    const paths = [
      ...directory.tasks().map((taskId) => directory.taskDirectory(taskId)),
      directory.globalDirectory,
      ...directory.setAside(),
      directory.topicIds.path,
      directory.offsets.path,
    ].filter((path) => fileSystem.stat(path) !== undefined);
    for (const path of paths) removeFolder(fileSystem, path);
    await fileSystem.syncDirectory(directory.path);
    return paths;
  } finally {
    directory.close();
  }
}
