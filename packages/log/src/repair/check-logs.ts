import { BaseError, topicPartitionName, type Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import type { CheckpointError } from "../checkpoint/checkpoint-file.ts";
import { CleanShutdown } from "../checkpoint/clean-shutdown.ts";
import { readDirectoryProperties } from "../checkpoint/directory-properties.ts";
import type { PartitionOffset } from "../checkpoint/offset-checkpoint.ts";
import { findOffsets } from "../checkpoint/twice-kept-offsets.ts";
import { lockDirectory, lockName } from "../lock-directory.ts";
import { checkPartition, type CheckedPartition } from "./check-partition.ts";
import { findingOf, type LogCheckOptions, type LogFinding } from "./log-finding.ts";
import { findPlace, nameOf } from "./log-place.ts";

/** What a look at a folder has found. */
export interface LogCheck {
  readonly partitionCount: number;
  readonly findings: readonly LogFinding[];
}

/** The same with all that a repair needs to know. */
export interface CheckedLogs {
  /** Undefined: one partition's folder, alone. */
  readonly directory: string | undefined;
  readonly partitions: readonly CheckedPartition[];
  /** Of the data folder's own files. */
  readonly findings: readonly LogFinding[];
  readonly offsets: DirectoryFacts;
}

interface DirectoryFacts {
  readonly isStopped: boolean;
  readonly recoveryPoints: ReadonlyMap<string, PartitionOffset> | undefined;
  readonly logStartOffsets: ReadonlyMap<string, PartitionOffset> | undefined;
}

/**
 * Reads all logs of a data folder, or of one partition, and changes nothing. What is named: damage, torn tails, and
 * caches that differ. It takes the lock of the data folder, so that no broker starts meanwhile.
 *
 * @example
 * const { findings } = await checkLogs({ platform, path: "./data" });
 * const isSound = findings.length === 0;
 *
 * @throws LogDirectoryError `IN_USE`, `FOREIGN_FOLDER`, `VERSION_TOO_NEW`
 * @throws FileSystemError
 */
export async function checkLogs(options: LogCheckOptions): Promise<LogCheck> {
  return withPlace(options, ({ partitions, findings }) =>
    Promise.resolve({
      partitionCount: partitions.length,
      findings: [...findings, ...partitions.flatMap((partition) => partition.findings)],
    }),
  );
}

/** Locks, looks at all, and hands it over before the lock is given back. */
export async function withPlace<Result>(
  options: LogCheckOptions,
  use: (checked: CheckedLogs) => Promise<Result>,
): Promise<Result> {
  const { fileSystem } = options.platform;
  const { directory, partitions } = findPlace(fileSystem, options.path);
  const lock =
    directory === undefined
      ? undefined
      : await lockDirectory(fileSystem, directory, "millrace log");
  try {
    const findings: LogFinding[] = [];
    const offsets = checkOffsets(fileSystem, directory, findings);
    if (directory !== undefined) checkProperties(fileSystem, directory, findings);
    const checked: CheckedPartition[] = [];
    for (const path of partitions)
      checked.push(await checkPartition({ ...options, path }, factsOf(path, directory, offsets)));
    return await use({ directory, partitions: checked, findings, offsets });
  } finally {
    lock?.release();
  }
}

function factsOf(
  path: string,
  directory: string | undefined,
  { isStopped, recoveryPoints, logStartOffsets }: DirectoryFacts,
) {
  const place = nameOf(path);
  const name = place === undefined ? "" : topicPartitionName(place.topic, place.partition);
  const startOf = (starts: ReadonlyMap<string, PartitionOffset>): Offset =>
    starts.get(name)?.offset ?? 0;
  return {
    isStopped,
    recoveryPoint: recoveryPoints?.get(name)?.offset,
    logStartOffset:
      directory === undefined || logStartOffsets === undefined
        ? undefined
        : startOf(logStartOffsets),
  };
}

function checkOffsets(
  fileSystem: FileSystem,
  directory: string | undefined,
  findings: LogFinding[],
): DirectoryFacts {
  if (directory === undefined)
    return { isStopped: false, recoveryPoints: undefined, logStartOffsets: undefined };
  const { recoveryPoints, logStarts, areStartsLost } = findOffsets(fileSystem, directory);
  const add = (kind: "cache" | "damage", errors: readonly CheckpointError[]) => {
    for (const error of errors) findings.push(findingOf(kind, error.path, error.message));
  };
  add("cache", recoveryPoints.faults);
  add(areStartsLost ? "damage" : "cache", logStarts.faults);
  return {
    isStopped: new CleanShutdown(fileSystem, directory).isThere,
    recoveryPoints: recoveryPoints.offsets,
    logStartOffsets: areStartsLost ? undefined : (logStarts.offsets ?? new Map()),
  };
}

function checkProperties(fileSystem: FileSystem, directory: string, findings: LogFinding[]): void {
  const ignored = fileSystem.list(directory).filter((name) => name.startsWith(lockName));
  try {
    readDirectoryProperties(fileSystem, directory, ignored);
  } catch (error) {
    if (!(error instanceof BaseError) || error.code === "VERSION_TOO_NEW") throw error;
    findings.push(findingOf("damage", `${directory}/meta.properties`, error.message));
  }
}
