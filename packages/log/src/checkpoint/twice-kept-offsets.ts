import type { FileSystem } from "@millrace/platform";
import { CheckpointError } from "./checkpoint-file.ts";
import { readOffsetCheckpoint, type PartitionOffset } from "./offset-checkpoint.ts";

export const recoveryPointName = "recovery-point-offset-checkpoint";
export const logStartName = "log-start-offset-checkpoint";

/** What two files say that hold the same. */
export interface TwiceKeptOffsets {
  /** The first is written first, so that it is the newer one of two that differ. */
  readonly paths: readonly [string, string];
  /** Undefined where neither file can be read. */
  readonly offsets: Map<string, PartitionOffset> | undefined;
  /** Both files are there and sound. */
  readonly isSaved: boolean;
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
