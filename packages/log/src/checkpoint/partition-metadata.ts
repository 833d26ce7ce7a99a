import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { CheckpointError, readWholeFile, replaceFile } from "./checkpoint-file.ts";

/** Holds the id of the topic that a folder belongs to (Kafka: `PartitionMetadataFile`). */
export const partitionMetadataName = "partition.metadata";

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

/** Ties a directory to a topic id, or checks that it is tied to this one. Gives the id that holds. */
export async function claimTopicId(
  fileSystem: FileSystem,
  directory: string,
  topicId: string | undefined,
): Promise<string | undefined> {
  const path = `${directory}/${partitionMetadataName}`;
  const known = readTopicId(fileSystem, path);
  if (topicId === undefined || topicId === known) return known;
  if (known !== undefined)
    throw new CheckpointError(path, `it belongs to topic id ${known}, not ${topicId}`);
  const content = encodeUtf8(`version: 0\ntopic_id: ${topicId}`);
  await replaceFile(fileSystem, path, content);
  return topicId;
}
