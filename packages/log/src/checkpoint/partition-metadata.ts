import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { CheckpointError, readWholeFile, replaceFile } from "./checkpoint-file.ts";

/** `partition.metadata`: the id of the topic that this directory belongs to (Kafka: `PartitionMetadataFile`). */
function partitionMetadataPath(directory: string): string {
  return `${directory}/partition.metadata`;
}

/** In its text form; undefined where there is no file. */
function readTopicId(fileSystem: FileSystem, directory: string): string | undefined {
  const path = partitionMetadataPath(directory);
  const bytes = readWholeFile(fileSystem, path);
  if (bytes === undefined) return undefined;
  const match = /^version: 0\ntopic_id: (\S+)\n?$/.exec(decodeUtf8(bytes));
  if (match === null) throw new CheckpointError(path, "version 0 with a topic_id was expected");
  return match[1];
}

/** Ties a directory to a topic id, or checks that it is tied to this one. Gives the id that holds. */
export async function claimTopicId(
  fileSystem: FileSystem,
  directory: string,
  topicId: string | undefined,
): Promise<string | undefined> {
  const known = readTopicId(fileSystem, directory);
  if (topicId === undefined || topicId === known) return known;
  const path = partitionMetadataPath(directory);
  if (known !== undefined)
    throw new CheckpointError(path, `it belongs to topic id ${known}, not ${topicId}`);
  const content = encodeUtf8(`version: 0\ntopic_id: ${topicId}`);
  await replaceFile(fileSystem, path, content);
  return topicId;
}
