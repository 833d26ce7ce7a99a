import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { encodeCheckpoint, readCheckpoint, replaceFile } from "./checkpoint-file.ts";

/** Names of the files with one offset per partition, in a log directory. */
export type OffsetCheckpointName =
  | "recovery-point-offset-checkpoint"
  | "log-start-offset-checkpoint"
  | "replication-offset-checkpoint";

export interface PartitionOffset extends TopicPartition {
  readonly offset: Offset;
}

/** By `topic-partition`. */
export function readOffsetCheckpoint(
  fileSystem: FileSystem,
  directory: string,
  name: OffsetCheckpointName,
): Map<string, PartitionOffset> {
  const offsets = new Map<string, PartitionOffset>();
  for (const [topic, partition, offset] of readCheckpoint(fileSystem, `${directory}/${name}`, 3))
    offsets.set(topicPartitionName(topic, Number(partition)), {
      topic,
      partition: Number(partition),
      offset: Number(offset),
    });
  return offsets;
}

export async function writeOffsetCheckpoint(
  fileSystem: FileSystem,
  path: string,
  offsets: Iterable<PartitionOffset>,
): Promise<void> {
  const lines: string[] = [];
  for (const entry of offsets) lines.push(`${entry.topic} ${entry.partition} ${entry.offset}`);
  await replaceFile(fileSystem, path, encodeCheckpoint(lines));
}
