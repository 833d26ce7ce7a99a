import { decodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { randomUuid } from "./random-uuid.ts";

/** The cluster that a data directory belongs to: of its `meta.properties`, or a new one. */
export function clusterIdOf(platform: Platform, dataDirectory: string): string {
  const content = readText(platform, `${dataDirectory}/meta.properties`);
  const known = /^cluster\.id=(.+)$/m.exec(content)?.[1].trim();
  return known ?? randomUuid(platform.random);
}

/** The topic that a partition's folder was made for; undefined where it does not say. */
export function topicIdOfFolder(platform: Platform, folder: string): string | undefined {
  const content = readText(platform, `${folder}/partition.metadata`);
  return /^topic_id:\s*(\S+)$/m.exec(content)?.[1];
}

/** Empty where there is no such file. */
function readText({ fileSystem }: Platform, path: string): string {
  if (fileSystem.stat(path) === undefined) return "";
  const file = fileSystem.open(path, "read");
  try {
    const bytes = new Uint8Array(file.sizeBytes());
    return decodeUtf8(bytes.subarray(0, file.read(bytes, 0)));
  } finally {
    file.close();
  }
}
