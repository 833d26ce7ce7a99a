import { type LogDirectory, LogStorageError } from "@millrace/log";
import type { TopicPartition } from "@millrace/model";
import type { Logger } from "@millrace/platform";

/** What tells one topic's folder from another's. */
export interface FolderJudge {
  readonly directory: LogDirectory;
  readonly logger: Logger;
  /** Whether the metadata log has removed the topic. */
  readonly isRemoved: (topicId: string) => boolean;
}

/**
 * Before a partition is opened, its folder is its own, or is not there:
 *
 *     folder of the topic's id and the number  -> opened
 *     of a removed topic                       -> explained, and goes
 *     not a byte of a log in it, and no id     -> an interrupted creation, begun again
 *     anything else                            -> moved aside, and told
 *     no folder (any more), records were there -> LOG_MISSING, for what an empty log would answer is a lie
 *     no folder                                -> made
 *
 * @throws LogStorageError `LOG_MISSING`
 * @throws FileSystemError a folder that resists
 */
export function settleFolder(
  judge: FolderJudge,
  place: TopicPartition & { readonly topicId: string },
): void {
  const { directory } = judge;
  const folder = directory.folder(place);
  if (folder !== undefined && folder.topicId === place.topicId) return;
  if (folder?.topicId === undefined && folder?.isBlank === true) directory.removeBlank(folder);
  else if (folder !== undefined) expelFolder(judge, place);
  if (!directory.hasSeenRecords(place)) return;
  const name = `${place.topic}-${place.partition}`;
  throw new LogStorageError(
    "LOG_MISSING",
    `${name} has had records, and ${directory.path} has no folder of it (any more): put ${name} with topic_id ` +
      `${place.topicId} back and start again; or delete the topic; or, to go on without its records, remove the ` +
      `line of ${place.topic} ${place.partition} from the files *-offset-checkpoint* while the broker is stopped`,
  );
}

/**
 * Takes a folder away that belongs to no partition: what a removed topic left goes, all else is kept under another
 * name.
 */
export function expelFolder(judge: FolderJudge, place: TopicPartition): void {
  const { directory, logger } = judge;
  const { topic, partition } = place;
  const topicId = directory.folder(place)?.topicId;
  if (topicId !== undefined && judge.isRemoved(topicId)) {
    logger.log("info", "broker.folder-removed", { topic, partition, topicId });
    directory.removeFolder(place);
    return;
  }
  const { path, sizeBytes } = directory.setAside(place);
  logger.log("error", "broker.folder-unexplained", {
    topic,
    partition,
    topicId,
    path,
    sizeBytes,
    advice:
      "the metadata know no such partition, or its partition.metadata names another one or is not there, as after a " +
      "power loss that came before anything in it was acknowledged. It was moved aside and is kept: remove it if it " +
      "is of no use, or mend its partition.metadata, give it its name back and start again",
  });
}
