import type { LogDirectory } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import { BrokerError } from "../broker-error.ts";
import { topicIdOfFolder } from "../metadata/cluster-id.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { isInternalTopic } from "../metadata/topic-image.ts";
import type { Partitions } from "./partitions.ts";

export const METADATA_TOPIC = "__cluster_metadata";

/**
 * Folders without the metadata that made them are not rubbish, but all there is.
 *
 * @throws BrokerError `METADATA_MISSING`
 */
export function checkMetadataIsThere(directory: LogDirectory, image: MetadataImage): void {
  if (image.starts > 0) return;
  const other = directory.partitions().find(({ topic }) => topic !== METADATA_TOPIC);
  if (other === undefined) return;
  throw new BrokerError(
    "METADATA_MISSING",
    `${directory.path} holds ${other.topic}-${other.partition} and more, but the log ${METADATA_TOPIC}-0 is gone: put it back, or choose an empty folder`,
  );
}

/**
 * Makes the folders what the metadata says (C17): those of deleted topics go, those of topics that were created just
 * before a crash are made, all are opened. Partitions of the coordinators' topics are made when they are written.
 */
export async function reconcileLogs(
  platform: Platform,
  directory: LogDirectory,
  image: MetadataImage,
  partitions: Partitions,
): Promise<void> {
  directory.removeDeletedLogs();
  for (const { topic: name, partition } of directory.partitions()) {
    if (name === METADATA_TOPIC) continue;
    const topic = image.topic(name);
    const topicId = topicIdOfFolder(platform, `${directory.path}/${name}-${partition}`);
    const isKnown =
      topic !== undefined &&
      partition < topic.partitionCount &&
      (topicId === undefined || topicId === topic.topicId);
    if (isKnown) {
      await partitions.open(topic, partition);
      continue;
    }
    platform.logger.log("info", "broker.log.orphaned", { topic: name, partition });
    await directory.deleteLog(name, partition);
  }
  for (const topic of image.topics())
    if (!isInternalTopic(topic.name)) await partitions.openTopic(topic);
}
