import { topicPartitionName, type Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { parentOf } from "../checkpoint/checkpoint-file.ts";
import { writeOffsetCheckpoint, type PartitionOffset } from "../checkpoint/offset-checkpoint.ts";
import { logStartName, recoveryPointName, twicePaths } from "../checkpoint/twice-kept-offsets.ts";
import { withPlace, type CheckedLogs } from "./check-logs.ts";
import type { CheckedPartition } from "./check-partition.ts";
import type { LogCheckOptions, LogFinding } from "./log-finding.ts";
import { nameOf } from "./log-place.ts";
import { repairPartition } from "./repair-partition.ts";
import { KeptFolder } from "./kept-folder.ts";

/** What a repair did. */
export interface LogRepair {
  /** Where all lies that was taken out of use; undefined: nothing was. */
  readonly keptPath: string | undefined;
  /** Sentences, in their order. */
  readonly done: readonly string[];
  /** Records that are not served any more. */
  readonly lost: readonly LogFinding[];
  /** What somebody else has to mend. */
  readonly left: readonly LogFinding[];
}

/** Other logs hang on what it says: a record less, and they are not what they were. */
const metadataTopic = "__cluster_metadata";

/**
 * Makes damaged logs serve again what is sound of them. Nothing is deleted: files are kept whole, in a folder of their
 * own, before anything is changed. What a start mends by itself is left to it.
 *
 * @throws LogDirectoryError `IN_USE`, `FOREIGN_FOLDER`, `VERSION_TOO_NEW`
 * @throws FileSystemError
 */
export async function repairLogs(options: LogCheckOptions): Promise<LogRepair> {
  return withPlace(options, (checked) => repair(options, checked));
}

async function repair(options: LogCheckOptions, checked: CheckedLogs): Promise<LogRepair> {
  const { fileSystem } = options.platform;
  const { directory, partitions, offsets } = checked;
  const done: string[] = [];
  const lost: LogFinding[] = [];
  const left: LogFinding[] = checked.findings.filter(
    ({ kind, path }) => kind === "damage" && !path.includes(logStartName),
  );
  const ends: PartitionOffset[] = [];
  let kept: KeptFolder | undefined;
  if (directory !== undefined && offsets.logStartOffsets === undefined) {
    kept = await KeptFolder.make(fileSystem, directory);
    done.push(...(await repairLogStarts(fileSystem, directory, { kept, partitions })));
  }
  for (const partition of partitions) {
    const damage = partition.findings.filter(({ kind }) => kind === "damage");
    const ofRecords = damage.filter(({ firstOffset }) => firstOffset >= 0);
    const place = nameOf(partition.path);
    const isRepaired = ofRecords.length > 0 && place?.topic !== metadataTopic;
    left.push(...(isRepaired ? damage.filter(({ firstOffset }) => firstOffset < 0) : damage));
    if (!isRepaired) continue;
    options.signal?.throwIfAborted();
    kept ??= await KeptFolder.make(fileSystem, directory ?? parentOf(partition.path));
    const logStartOffset = startOf(partition, offsets.logStartOffsets);
    done.push(...(await repairPartition(fileSystem, partition, { kept, logStartOffset })));
    lost.push(...ofRecords);
    if (place !== undefined) ends.push({ ...place, offset: partition.endOffset });
  }
  if (directory !== undefined && ends.length > 0) {
    const points = new Map(offsets.recoveryPoints);
    for (const end of ends) points.set(topicPartitionName(end.topic, end.partition), end);
    for (const path of twicePaths(directory, recoveryPointName))
      await writeOffsetCheckpoint(fileSystem, path, points.values());
  }
  return { keptPath: kept?.path, done, lost, left };
}

/** Neither copy can be read: logs begin with what is there, and records that were deleted may be seen again. */
async function repairLogStarts(
  fileSystem: FileSystem,
  directory: string,
  {
    kept,
    partitions,
  }: { readonly kept: KeptFolder; readonly partitions: readonly CheckedPartition[] },
): Promise<readonly string[]> {
  const starts = partitions.flatMap(({ path, segments }) => {
    const place = nameOf(path);
    const offset = segments.at(0)?.segment.baseOffset ?? 0;
    return place === undefined || offset === 0 ? [] : [{ ...place, offset }];
  });
  const done: string[] = [];
  for (const path of twicePaths(directory, logStartName)) {
    await kept.move(path);
    await writeOffsetCheckpoint(fileSystem, path, starts);
    done.push(`${path} was written anew: deleted records in the first segments may be seen again`);
  }
  return done;
}

function startOf(
  { path }: CheckedPartition,
  starts: ReadonlyMap<string, PartitionOffset> | undefined,
): Offset | undefined {
  const place = nameOf(path);
  if (place === undefined || starts === undefined) return undefined;
  return starts.get(topicPartitionName(place.topic, place.partition))?.offset ?? 0;
}
