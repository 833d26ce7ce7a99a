import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";

/** What a small file says; nothing where it is not there, or does not hold an object. */
export function readJsonFile(platform: Platform, path: string): Readonly<Record<string, unknown>> {
  const { fileSystem } = platform;
  if (fileSystem.stat(path) === undefined) return {};
  const handle = fileSystem.open(path, "read");
  try {
    const bytes = new Uint8Array(handle.sizeBytes());
    handle.read(bytes, 0);
    return parseObject(decodeUtf8(bytes));
  } finally {
    handle.close();
  }
}

/** Whole or not at all, and durable. */
export async function writeJsonFile(
  platform: Platform,
  { directory, name }: { readonly directory: string; readonly name: string },
  content: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { fileSystem } = platform;
  const temporary = `${directory}/${name}.tmp`;
  fileSystem.remove(temporary);
  const handle = fileSystem.open(temporary, "create");
  try {
    handle.write([encodeUtf8(JSON.stringify(content))], 0);
    await handle.datasync();
  } finally {
    handle.close();
  }
  fileSystem.rename(temporary, `${directory}/${name}`);
  await fileSystem.syncDirectory(directory);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // the caller misses what it needs, and says so
  }
}
