import type { SnapshotBlock, SnapshotManifest, SnapshotOfStore } from "./snapshot-manifest.ts";

/**
 * True: a manifest, each field of which is there and of its type. A checksum tells what has changed since it was written, and
 * nothing of who wrote it.
 */
export function isManifest(content: unknown): content is SnapshotManifest {
  if (!isRecord(content)) return false;
  const { application, task, asOfMs, stores } = content;
  if (!isText(application) || !isText(task) || !Number.isSafeInteger(asOfMs)) return false;
  if (!Array.isArray(stores) || !stores.every(isStore)) return false;
  // Names are told apart, and files are in the folder of the snapshot.
  return new Set(stores.map(({ name }) => name)).size === stores.length;
}

function isStore(content: unknown): content is SnapshotOfStore {
  if (!isRecord(content)) return false;
  const { name, offset, changelog, topicId, layout, spanMs, blocks } = content;
  return (
    [name, changelog].every(isText) &&
    typeof topicId === "string" &&
    [offset, layout, spanMs].every(isCount) &&
    Array.isArray(blocks) &&
    blocks.every(isBlock)
  );
}

function isBlock(content: unknown): content is SnapshotBlock {
  if (!isRecord(content)) return false;
  const { file, rows, lengthBytes, checksum } = content;
  return (
    // Others could lie anywhere: names are joined to that of the folder.
    typeof file === "string" &&
    /^\d{6,20}\.rows$/.test(file) &&
    [rows, lengthBytes, checksum].every(isCount)
  );
}

function isRecord(content: unknown): content is Readonly<Record<string, unknown>> {
  return typeof content === "object" && content !== null;
}

function isText(content: unknown): content is string {
  return typeof content === "string" && content !== "";
}

function isCount(content: unknown): content is number {
  return Number.isSafeInteger(content) && Number(content) >= 0;
}
