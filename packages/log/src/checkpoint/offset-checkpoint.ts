import { encodeUtf8, topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { crc32c } from "@millrace/protocol/wire";
import {
  CheckpointError,
  encodeCheckpoint,
  readCheckpoint,
  readWholeFile,
  replaceFile,
} from "./checkpoint-file.ts";

export interface PartitionOffset extends TopicPartition {
  readonly offset: Offset;
}

/**
 * Stands where a topic would, with the CRC-32C of the lines before as its offset: a program that knows Kafka's format
 * alone reads a partition that is not there. No topic can have this name.
 */
const checksumTopic = ":crc32c";

/**
 * By `topic-partition`; undefined where there is no file.
 *
 * @throws CheckpointError a file that is not the one that was written
 */
export function readOffsetCheckpoint(
  fileSystem: FileSystem,
  path: string,
): Map<string, PartitionOffset> | undefined {
  const bytes = readWholeFile(fileSystem, path);
  if (bytes === undefined) return undefined;
  if (bytes.length === 0) throw new CheckpointError(path, "it is empty");
  const offsets = new Map<string, PartitionOffset>();
  const lines: string[] = [];
  for (const [topic, partition, offset] of readCheckpoint(fileSystem, path, 3)) {
    if (topic === checksumTopic) {
      if (offset !== String(checksumOf(lines)))
        throw new CheckpointError(path, "its checksum does not match");
      return offsets;
    }
    lines.push(`${topic} ${partition} ${offset}`);
    offsets.set(topicPartitionName(topic, Number(partition)), {
      topic,
      partition: Number(partition),
      offset: Number(offset),
    });
  }
  if (lines.length > 0) throw new CheckpointError(path, "it has no checksum");
  return offsets;
}

export async function writeOffsetCheckpoint(
  fileSystem: FileSystem,
  path: string,
  offsets: Iterable<PartitionOffset>,
): Promise<void> {
  const lines: string[] = [];
  for (const entry of offsets) lines.push(`${entry.topic} ${entry.partition} ${entry.offset}`);
  lines.push(`${checksumTopic} 0 ${checksumOf(lines)}`);
  await replaceFile(fileSystem, path, encodeCheckpoint(lines));
}

function checksumOf(lines: readonly string[]): number {
  return crc32c(encodeUtf8(lines.join("\n")));
}
