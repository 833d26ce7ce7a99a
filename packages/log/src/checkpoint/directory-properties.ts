import { decodeUtf8, encodeUtf8, fromHex } from "@millrace/model";
import type { FileSystem, Platform, Random } from "@millrace/platform";
import { crc32c, uuidFromBytes } from "@millrace/protocol/wire";
import { LogDirectoryError } from "../log-error.ts";
import { readWholeFile, replaceFile } from "./checkpoint-file.ts";

/** What `meta.properties` of a log directory says (Kafka: `MetaProperties`). */
export interface DirectoryProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Names this directory for ever. Text form of Kafka's `Uuid`. */
  readonly directoryId: string;
}

export const propertiesName = "meta.properties";
/** Kafka's version of the file. */
const version = 1;
/** Our own, raised when something is stored that older programs would misread. */
const formatVersion = 1;

function pathOf(directory: string): string {
  return `${directory}/${propertiesName}`;
}

/**
 * Undefined where the directory is empty.
 *
 * @throws LogDirectoryError `FOREIGN_FOLDER`, `VERSION_TOO_NEW`, `PROPERTIES_DAMAGED`
 */
export function readDirectoryProperties(
  fileSystem: FileSystem,
  directory: string,
  ignoredNames: readonly string[],
): DirectoryProperties | undefined {
  const bytes = readWholeFile(fileSystem, pathOf(directory));
  if (bytes === undefined) {
    const isOurs = (name: string) => ignoredNames.includes(name) || name.endsWith(".tmp");
    const strange = fileSystem.list(directory).find((name) => !isOurs(name));
    if (strange === undefined) return undefined;
    throw new LogDirectoryError(
      "FOREIGN_FOLDER",
      directory,
      `it holds ${strange} and no meta.properties; choose an empty folder or one made by Millrace`,
    );
  }
  const text = decodeUtf8(bytes);
  const properties = parseProperties(text);
  checkVersion(directory, "version", properties.get("version"), version);
  checkVersion(directory, "millrace.format", properties.get("millrace.format"), formatVersion);
  const lines = linesOf({
    clusterId: properties.get("cluster.id") ?? "",
    nodeId: Number(properties.get("node.id") ?? -1),
    directoryId: properties.get("directory.id") ?? "",
  });
  // The first version of this file had no checksum.
  if (text !== withChecksum(lines) && text !== lines)
    throw new LogDirectoryError(
      "PROPERTIES_DAMAGED",
      directory,
      "its meta.properties is not as it was written: restore it from a copy",
    );
  return {
    clusterId: properties.get("cluster.id") ?? "",
    nodeId: Number(properties.get("node.id")),
    directoryId: uuidOf(properties.get("directory.id") ?? ""),
  };
}

/**
 * Reads what the directory is, or makes it one.
 *
 * @throws LogDirectoryError `FOREIGN_FOLDER`, `VERSION_TOO_NEW`, `PROPERTIES_DAMAGED`, `WRONG_CLUSTER`
 */
export async function settleProperties(
  { fileSystem, random }: Platform,
  directory: string,
  wanted: Pick<DirectoryProperties, "clusterId" | "nodeId"> & {
    /** Names that a directory may have before it is one. */
    readonly ignored: readonly string[];
  },
): Promise<DirectoryProperties> {
  const { clusterId, nodeId, ignored } = wanted;
  const known = readDirectoryProperties(fileSystem, directory, ignored);
  if (known === undefined) {
    const properties = { clusterId, nodeId, directoryId: newDirectoryId(random) };
    await writeDirectoryProperties(fileSystem, directory, properties);
    return properties;
  }
  if (known.clusterId !== clusterId)
    throw new LogDirectoryError(
      "WRONG_CLUSTER",
      directory,
      `it belongs to cluster ${known.clusterId}, not ${clusterId}`,
    );
  return known;
}

async function writeDirectoryProperties(
  fileSystem: FileSystem,
  directory: string,
  properties: DirectoryProperties,
): Promise<void> {
  const content = encodeUtf8(withChecksum(linesOf(properties)));
  await replaceFile(fileSystem, pathOf(directory), content);
}

function linesOf(properties: DirectoryProperties): string {
  return [
    `version=${version}`,
    `millrace.format=${formatVersion}`,
    `cluster.id=${properties.clusterId}`,
    `node.id=${properties.nodeId}`,
    `directory.id=${properties.directoryId}`,
    "",
  ].join("\n");
}

function withChecksum(lines: string): string {
  return `${lines}millrace.checksum=${crc32c(encodeUtf8(lines)).toString(16)}\n`;
}

function newDirectoryId(random: Random): string {
  return uuidOf(random.uuid());
}

/** The first directories were named by the other text form. */
function uuidOf(id: string): string {
  return /^[0-9a-f-]{36}$/.test(id) ? uuidFromBytes(fromHex(id.replaceAll("-", ""))) : id;
}

function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split("\n")) {
    const separator = line.indexOf("=");
    if (line.startsWith("#") || separator < 0) continue;
    properties.set(line.slice(0, separator).trim(), line.slice(separator + 1).trim());
  }
  return properties;
}

function checkVersion(
  directory: string,
  name: string,
  found: string | undefined,
  known: number,
): void {
  if (found === undefined || !/^\d+$/.test(found))
    throw new LogDirectoryError(
      "FOREIGN_FOLDER",
      directory,
      `its meta.properties has no ${name}; it was not made by Millrace`,
    );
  if (Number(found) > known)
    throw new LogDirectoryError(
      "VERSION_TOO_NEW",
      directory,
      `${name} is ${found}, this program knows ${known}; run a newer one`,
    );
}
