import type { LogDirectory } from "@millrace/log";
import type { TopicPartition } from "@millrace/model";
import { BrokerError } from "../broker-error.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { Partitions } from "./partitions.ts";
import { expelFolder, type FolderJudge } from "./settle-folder.ts";

export const metadataTopic = "__cluster_metadata";

/**
 * Folders without the metadata that made them are not rubbish, but all there is.
 *
 * @throws BrokerError `METADATA_MISSING`
 */
export function checkMetadataIsThere(directory: LogDirectory): void {
  const place = { topic: metadataTopic, partition: 0 };
  if (directory.folder(place)?.isBlank === false) return;
  const other = directory.partitions().find(({ topic }) => topic !== metadataTopic);
  if (other === undefined && !directory.hasSeenRecords(place)) return;
  const holds = other === undefined ? "" : `holds ${other.topic}-${other.partition} and more, but `;
  throw new BrokerError(
    "METADATA_MISSING",
    `${directory.path}: it ${holds}the log ${metadataTopic}-0 is gone: put it back, or choose an empty folder`,
  );
}

/**
 * Makes the folders what the metadata say (C17): those of deleted topics go, what is not explained is moved aside, all partitions are opened that were written.
 *
 * @throws FileSystemError, LogStorageError of the device; what concerns one partition alone takes that one offline
 */
export async function reconcileLogs(
  judge: FolderJudge,
  image: MetadataImage,
  { partitions, giveWay }: { partitions: Partitions; giveWay: () => Promise<void> },
): Promise<void> {
  const { directory, logger } = judge;
  await directory.removeDeletedLogs();
  for (const { path, sizeBytes } of directory.strays())
    logger.log("warn", "broker.folder-aside", { path, sizeBytes });
  const isKnown = ({ topic, partition }: TopicPartition) =>
    topic === metadataTopic || partition < (image.partitionCount(topic) ?? 0);
  for (const place of directory.partitions()) {
    if (isKnown(place)) continue;
    try {
      expelFolder(judge, place);
    } catch (error) {
      logger.log("error", "broker.folder-resists", { ...place, error });
    }
  }
  await partitions.openAtStart(image.topics(), giveWay);
  await directory.forgetOffsets(isKnown);
}
