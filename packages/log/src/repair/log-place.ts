import type { TopicPartition } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { parentOf } from "../checkpoint/checkpoint-file.ts";
import { LogDirectoryError } from "../log-error.ts";
import { logSuffix, offsetOfFileName } from "../segment/log-file-names.ts";

/** What was named to the tools: a data folder, or one partition's, with its data folder where it lies in one. */
export interface LogPlace {
  /** Undefined: the partition's folder lies somewhere else. */
  readonly directory: string | undefined;
  readonly partitions: readonly string[];
}

const propertiesName = "meta.properties";

/** @throws LogDirectoryError `FOREIGN_FOLDER` */
export function findPlace(fileSystem: FileSystem, path: string): LogPlace {
  if (fileSystem.stat(path)?.kind !== "directory")
    throw new LogDirectoryError("FOREIGN_FOLDER", path, "there is no such folder");
  const names = fileSystem.list(path);
  const hasLogs = names.some((name) => offsetOfFileName(name, logSuffix) !== undefined);
  const parent = parentOf(path);
  const isInDirectory = fileSystem.stat(`${parent}/${propertiesName}`) !== undefined;
  if (hasLogs || names.includes("partition.metadata"))
    return { directory: isInDirectory ? parent : undefined, partitions: [path] };
  const partitions = names
    .map((name) => `${path}/${name}`)
    .filter((child) => nameOf(child) !== undefined && fileSystem.stat(child)?.kind === "directory");
  if (partitions.length === 0 && !names.includes(propertiesName))
    throw new LogDirectoryError(
      "FOREIGN_FOLDER",
      path,
      "it is neither a data folder nor the folder of a partition",
    );
  return { directory: path, partitions };
}

/** The partition of a folder, by its name; undefined where that names none. */
export function nameOf(path: string): TopicPartition | undefined {
  const match = /^(.+)-(0|[1-9]\d*)$/.exec(path.slice(path.lastIndexOf("/") + 1));
  return match === null ? undefined : { topic: match[1], partition: Number(match[2]) };
}
