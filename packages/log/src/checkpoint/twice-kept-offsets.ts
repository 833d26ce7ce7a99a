import type { FileSystem } from "@millrace/platform";
import { CheckpointError } from "./checkpoint-file.ts";
import { readOffsetCheckpoint, type PartitionOffset } from "./offset-checkpoint.ts";

export const recoveryPointName = "recovery-point-offset-checkpoint";
export const logStartName = "log-start-offset-checkpoint";
const cleanedName = "cleaner-offset-checkpoint";

/** What files say that hold the same. */
export interface KeptOffsets {
  /** The first is written first, so that it is the newer one of two that differ. */
  readonly paths: readonly string[];
  /** Undefined where no file can be read. */
  readonly offsets: Map<string, PartitionOffset> | undefined;
  /** All files are there and sound. */
  readonly isSaved: boolean;
}

export interface TwiceKeptOffsets extends KeptOffsets {
  readonly paths: readonly [string, string];
  /** What is not as it was written. */
  readonly faults: readonly CheckpointError[];
}

/** The offsets that a directory keeps of its logs. */
export interface FoundOffsets {
  readonly recoveryPoints: TwiceKeptOffsets;
  readonly logStarts: TwiceKeptOffsets;
  /** Log starts were noted, and neither file can be read. */
  readonly areStartsLost: boolean;
}

export function twicePaths(directory: string, name: string): readonly [string, string] {
  return [`${directory}/${name}`, `${directory}/${name}.copy`];
}

export function findOffsets(fileSystem: FileSystem, directory: string): FoundOffsets {
  const recoveryPoints = readTwiceKept(fileSystem, twicePaths(directory, recoveryPointName));
  const found = readTwiceKept(fileSystem, twicePaths(directory, logStartName));
  // Log starts are written before recovery points, for the first time too.
  const areGone = found.offsets === undefined && recoveryPoints.offsets !== undefined;
  const missing = new CheckpointError(found.paths[0], "it is missing, and its copy too");
  const faults = areGone && found.faults.length === 0 ? [missing] : found.faults;
  return {
    recoveryPoints,
    logStarts: { ...found, faults },
    areStartsLost: found.offsets === undefined && faults.length > 0,
  };
}

/** Kept once: where it cannot be read, nothing is lost but what cleaning again costs. */
export function findCleanedOffsets(fileSystem: FileSystem, directory: string): KeptOffsets {
  const path = `${directory}/${cleanedName}`;
  try {
    const offsets = readOffsetCheckpoint(fileSystem, path);
    return { paths: [path], offsets, isSaved: true };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { paths: [path], offsets: undefined, isSaved: false };
  }
}

function readTwiceKept(fileSystem: FileSystem, paths: readonly [string, string]): TwiceKeptOffsets {
  const faults: CheckpointError[] = [];
  const read = (of: string) => {
    try {
      return readOffsetCheckpoint(fileSystem, of);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      faults.push(error);
      return undefined;
    }
  };
  const [path, copyPath] = paths;
  const first = read(path);
  const copy = read(copyPath);
  if (first === undefined && copy !== undefined && faults.length === 0)
    faults.push(new CheckpointError(path, "it is missing"));
  const isSaved = first !== undefined && copy !== undefined;
  return { paths, offsets: first ?? copy, isSaved, faults };
}
