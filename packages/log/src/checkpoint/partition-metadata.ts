import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { CheckpointError, readWholeFile, replaceFile } from "./checkpoint-file.ts";

/** Holds the id of the topic that a folder belongs to (Kafka: `PartitionMetadataFile`), and the partition's number. */
export const partitionMetadataName = "partition.metadata";

/** What a folder is, whatever its name. */
export interface FolderIdentity {
  /** In its text form. */
  readonly topicId: string;
  readonly partition: number;
}

/** Kafka reads the first two lines, and no more. */
export function partitionMetadataOf({ topicId, partition }: FolderIdentity): string {
  return `version: 0\ntopic_id: ${topicId}\npartition: ${partition}\n`;
}

/**
 * The topic that the bytes name, in its text form; undefined where they do not say it, or are another partition's. The
 * first folders did not know their number; `partition` is undefined where that is not known.
 */
export function topicIdIn(bytes: Uint8Array, partition: number | undefined): string | undefined {
  const lines = /^version: 0\ntopic_id: ([\w-]{22})\n?(?:partition: (\d+)\n)?$/;
  const [, topicId, number] = lines.exec(decodeUtf8(bytes)) ?? [];
  const isOwn = number === undefined || partition === undefined || number === String(partition);
  return isOwn ? topicId : undefined;
}

/** In its text form; undefined where there is no file. */
function readTopicId(fileSystem: FileSystem, path: string, partition: number): string | undefined {
  const bytes = readWholeFile(fileSystem, path);
  if (bytes === undefined) return undefined;
  const topicId = topicIdIn(bytes, partition);
  if (topicId === undefined)
    throw new CheckpointError(
      path,
      `version 0, a topic_id and partition ${partition} were expected`,
    );
  return topicId;
}

/**
 * Ties a directory to a topic id and a partition, or checks that it is tied to these. Gives the id that holds. A file
 * that may be in the page cache alone is written once more, since that shows what the device never got.
 */
export async function claimTopicId(
  fileSystem: FileSystem,
  directory: string,
  wanted: {
    readonly topicId: string | undefined;
    readonly partition: number;
    readonly isDurable: boolean;
  },
): Promise<string | undefined> {
  const { topicId, partition, isDurable } = wanted;
  const path = `${directory}/${partitionMetadataName}`;
  const known = readTopicId(fileSystem, path, partition);
  if (topicId === undefined || (topicId === known && isDurable)) return known;
  if (known !== undefined && topicId !== known)
    throw new CheckpointError(path, `it belongs to topic id ${known}, not ${topicId}`);
  await replaceFile(fileSystem, path, encodeUtf8(partitionMetadataOf({ topicId, partition })));
  return topicId;
}
