import { decodeUtf8, encodeUtf8, murmur2 } from "@millrace/model";
import type { Platform } from "@millrace/platform";

type Content = Readonly<Record<string, unknown>>;

/**
 * What a small file says: undefined where it is not there, "damaged" where it holds no object, or one that does not
 * match the checksum beside it. An object without a checksum is taken as it is: others write such files, too.
 */
export function readJsonFile(platform: Platform, path: string): Content | "damaged" | undefined {
  const { fileSystem } = platform;
  if (fileSystem.stat(path) === undefined) return undefined;
  const handle = fileSystem.open(path, "read");
  try {
    const bytes = new Uint8Array(handle.sizeBytes());
    handle.read(bytes, 0);
    return parseContent(decodeUtf8(bytes));
  } finally {
    handle.close();
  }
}

/** Whole or not at all, durable, and with a checksum. */
export async function writeJsonFile(
  platform: Platform,
  { directory, name }: { readonly directory: string; readonly name: string },
  content: Content,
): Promise<void> {
  const { fileSystem } = platform;
  const temporary = `${directory}/${name}.tmp`;
  fileSystem.remove(temporary);
  const handle = fileSystem.open(temporary, "create");
  try {
    handle.write([encodeUtf8(JSON.stringify({ ...content, checksum: checksumOf(content) }))], 0);
    await handle.datasync();
  } finally {
    handle.close();
  }
  fileSystem.rename(temporary, `${directory}/${name}`);
  await fileSystem.syncDirectory(directory);
}

function parseContent(text: string): Content | "damaged" {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return "damaged";
    const { checksum, ...content }: Content = { ...value };
    return checksum === undefined || checksum === checksumOf(content) ? content : "damaged";
  } catch {
    return "damaged"; // what that means depends on the file: its reader says so
  }
}

function checksumOf(content: Content): string {
  return (murmur2(encodeUtf8(JSON.stringify(content))) >>> 0).toString(16);
}
