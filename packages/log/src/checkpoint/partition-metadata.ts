import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { CheckpointError, readWholeFile, replaceFile } from "./checkpoint-file.ts";

/** `partition.metadata`: the id of the topic that this directory belongs to (Kafka: `PartitionMetadataFile`). */
export function partitionMetadataPath(directory: string): string {
  return `${directory}/partition.metadata`;
}

/** The topic id in its text form; undefined where there is no file. */
export function readTopicId(fileSystem: FileSystem, directory: string): string | undefined {
  const path = partitionMetadataPath(directory);
  const bytes = readWholeFile(fileSystem, path);
  if (bytes === undefined) return undefined;
  const match = /^version: 0\ntopic_id: (\S+)\n?$/.exec(decodeUtf8(bytes));
  if (match === null) throw new CheckpointError(path, "version 0 with a topic_id was expected");
  return match[1];
}

export async function writeTopicId(
  fileSystem: FileSystem,
  directory: string,
  topicId: string,
): Promise<void> {
  const content = encodeUtf8(`version: 0\ntopic_id: ${topicId}`);
  await replaceFile(fileSystem, partitionMetadataPath(directory), content);
}
