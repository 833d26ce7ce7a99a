import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { SnapshotError } from "../contract/snapshot-error.ts";
import { checksumOf } from "./block-checksum.ts";
import { isManifest } from "./manifest-form.ts";
import type { SnapshotManifest } from "./snapshot-manifest.ts";

/** Of blocks and manifest; not that of engines, of which a snapshot knows nothing. */
const formatVersion = 1;

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
  const { format } = content;
  if (typeof format === "number" && format !== formatVersion)
    throw new SnapshotError(
      "SNAPSHOT_TOO_NEW",
      `the snapshot ${place} has format ${format}, this version reads ${formatVersion}; run the newer version, or take a snapshot with this one`,
    );
  if (format !== formatVersion || !isManifest(content))
    throw new SnapshotError(
      "SNAPSHOT_DAMAGED",
      `the manifest ${place} is none that was written here: fields are missing or of another type, it names a store twice, or files outside of its snapshot`,
    );
  return content;
}

/** What the checksum covers; undefined: it does not hold. */
function contentOf(bytes: Uint8Array): { readonly format?: unknown } | undefined {
  try {
    const { checksum, content } = JSON.parse(decodeUtf8(bytes)) as {
      readonly checksum?: unknown;
      readonly content?: unknown;
    };
    if (typeof content !== "string" || checksum !== checksumOf(encodeUtf8(content)))
      return undefined;
    const told: unknown = JSON.parse(content);
    return typeof told === "object" && told !== null ? told : undefined;
  } catch {
    return undefined; // no JSON, or other than ours
  }
}
