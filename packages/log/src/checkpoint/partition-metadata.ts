import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { CheckpointError, readWholeFile, replaceFile } from "./checkpoint-file.ts";

/** Holds the id of the topic that a folder belongs to (Kafka: `PartitionMetadataFile`). */
export const partitionMetadataName = "partition.metadata";

export function partitionMetadataOf(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`;
}

/** In its text form; undefined where the bytes do not say it. */
export function topicIdIn(bytes: Uint8Array): string | undefined {
  return /^version: 0\ntopic_id: ([\w-]{22})\n?$/.exec(decodeUtf8(bytes))?.[1];
}

/** In its text form; undefined where there is no file. */
function readTopicId(fileSystem: FileSystem, path: string): string | undefined {
  const bytes = readWholeFile(fileSystem, path);
  if (bytes === undefined) return undefined;
  const topicId = topicIdIn(bytes);
  if (topicId === undefined)
    throw new CheckpointError(path, "version 0 with a topic_id was expected");
  return topicId;
}

/**
 * Ties a directory to a topic id, or checks that it is tied to this one. Gives the id that holds. A file that may be in
 * the page cache alone is written once more, since that shows what the device never got.
 */
export async function claimTopicId(
  fileSystem: FileSystem,
  directory: string,
  { topicId, isDurable }: { readonly topicId: string | undefined; readonly isDurable: boolean },
): Promise<string | undefined> {
  const path = `${directory}/${partitionMetadataName}`;
  const known = readTopicId(fileSystem, path);
  if (topicId === undefined || (topicId === known && isDurable)) return known;
  if (known !== undefined && topicId !== known)
    throw new CheckpointError(path, `it belongs to topic id ${known}, not ${topicId}`);
  await replaceFile(fileSystem, path, encodeUtf8(partitionMetadataOf(topicId)));
  return topicId;
}
