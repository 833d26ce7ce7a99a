import { decodeUtf8, encodeUtf8, type Offset } from "@millrace/model";
import { SnapshotError } from "../contract/snapshot-error.ts";
import type { StoreForm } from "../contract/task-stores.ts";
import { checksumOf } from "./row-block.ts";

/** Of blocks and manifest; not that of engines, of which a snapshot knows nothing. */
const formatVersion = 1;

/** Rows of one store, in one file. */
export interface SnapshotBlock {
  /** Within the snapshot. */
  readonly file: string;
  readonly rows: number;
  readonly lengthBytes: number;
  readonly checksum: number;
}

export interface SnapshotOfStore extends StoreForm {
  readonly name: string;
  /** The store holds all changelog records below it. */
  readonly offset: Offset;
  /** Topic and partition, as readers call them. */
  readonly changelog: string;
  /** Empty: the client knew none. */
  readonly topicId: string;
  readonly blocks: readonly SnapshotBlock[];
}

/** What a snapshot of a task's stores is: written last, so that one without is half a snapshot, and none. */
export interface SnapshotManifest {
  readonly application: string;
  /** Such as `0_3`. */
  readonly task: string;
  /** By the wall clock: its offsets were the ends of the changelogs then, or later. */
  readonly asOfMs: number;
  readonly stores: readonly SnapshotOfStore[];
}

export const manifestFile = "manifest.json";

export function rowsFile(number: number): string {
  return `${String(number).padStart(6, "0")}.rows`;
}

export function encodeManifest(manifest: SnapshotManifest): Uint8Array {
  const content = JSON.stringify({ format: formatVersion, ...manifest });
  return encodeUtf8(JSON.stringify({ checksum: checksumOf(encodeUtf8(content)), content }));
}

/** @throws SnapshotError `SNAPSHOT_DAMAGED`, `SNAPSHOT_TOO_NEW` */
export function decodeManifest(bytes: Uint8Array, place: string): SnapshotManifest {
  const content = contentOf(bytes);
  if (content === undefined)
    throw new SnapshotError(
      "SNAPSHOT_DAMAGED",
      `the manifest ${place} is damaged: its checksum does not hold`,
    );
  if (content.format !== formatVersion)
    throw new SnapshotError(
      "SNAPSHOT_TOO_NEW",
      `the snapshot ${place} has format ${content.format}, this version reads ${formatVersion}; run the newer version, or take a snapshot with this one`,
    );
  const names = new Set(content.stores.map(({ name }) => name));
  if (names.size < content.stores.length || !filesOf(content).every(isRowsFile))
    throw new SnapshotError(
      "SNAPSHOT_DAMAGED",
      `the manifest ${place} is none that was written here: it names a store twice, or files outside of its snapshot`,
    );
  return content;
}

function filesOf({ stores }: SnapshotManifest): readonly string[] {
  return stores.flatMap(({ blocks }) => blocks.map(({ file }) => file));
}

/** Others could lie anywhere: names are joined to that of the folder. */
function isRowsFile(file: string): boolean {
  return /^\d{6,}\.rows$/.test(file);
}

/** Where the checksum holds it is what `encodeManifest` has written. */
function contentOf(
  bytes: Uint8Array,
): (SnapshotManifest & { readonly format: number }) | undefined {
  try {
    const { checksum, content } = JSON.parse(decodeUtf8(bytes)) as {
      readonly checksum?: unknown;
      readonly content?: unknown;
    };
    if (typeof content !== "string" || checksum !== checksumOf(encodeUtf8(content)))
      return undefined;
    return JSON.parse(content) as SnapshotManifest & { readonly format: number };
  } catch {
    return undefined; // no JSON, or other than ours
  }
}
