import { decodeUtf8, encodeUtf8, nestsDeeper } from "@millrace/model";
import { SnapshotError } from "../contract/snapshot-error.ts";
import { checksumOf } from "./block-checksum.ts";
import { isManifest } from "./manifest-form.ts";
import type { SnapshotManifest } from "./snapshot-manifest.ts";

/** Of blocks and manifest; not that of engines, of which a snapshot knows nothing. */
const formatVersion = 1;

/** Of one task: what tells of more than a terabyte of rows. */
const bytesMax = 64 * 2 ** 20;
/** That of a block is five. What is nested costs many times its bytes as it is taken apart. */
const depthMax = 8;

export function encodeManifest(manifest: SnapshotManifest): Uint8Array {
  const content = JSON.stringify({ format: formatVersion, ...manifest });
  return encodeUtf8(JSON.stringify({ checksum: checksumOf(encodeUtf8(content)), content }));
}

/** @throws SnapshotError `SNAPSHOT_DAMAGED`, `SNAPSHOT_TOO_NEW` */
export function decodeManifest(bytes: Uint8Array, place: string): SnapshotManifest {
  if (bytes.length > bytesMax)
    throw damaged(`${place} has ${bytes.length} bytes, and none has more than ${bytesMax}`);
  const content = contentOf(bytes, place);
  if (content === undefined) throw damaged(`${place} is damaged: its checksum does not hold`);
  const { format } = content;
  if (typeof format === "number" && format !== formatVersion)
    throw new SnapshotError(
      "SNAPSHOT_TOO_NEW",
      `the snapshot ${place} has format ${format}, this version reads ${formatVersion}; run the newer version, or take a snapshot with this one`,
    );
  if (format !== formatVersion || !isManifest(content))
    throw damaged(
      `${place} is none that was written here: fields are missing or of another type, it names a store twice, or files outside of its snapshot`,
    );
  return content;
}

/** Before and behind the text that the checksum covers, as `encodeManifest` writes them: nothing else is taken apart. */
const head = /^\{"checksum":(\d{1,10}),"content":(?=")/;
const tail = "}";

/** What the checksum covers; undefined: it does not hold. @throws SnapshotError `SNAPSHOT_DAMAGED` */
function contentOf(bytes: Uint8Array, place: string): { readonly format?: unknown } | undefined {
  try {
    const text = decodeUtf8(bytes);
    const [before, checksum] = head.exec(text) ?? ["", ""];
    if (checksum === "" || !text.endsWith(tail)) return undefined;
    const content: unknown = JSON.parse(text.slice(before.length, -tail.length));
    if (typeof content !== "string" || Number(checksum) !== checksumOf(encodeUtf8(content)))
      return undefined;
    if (nestsDeeper(content, depthMax))
      throw damaged(
        `${place} is none that was written here: it is nested deeper than ${depthMax} levels`,
      );
    const told: unknown = JSON.parse(content);
    return typeof told === "object" && told !== null ? told : undefined;
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    return undefined; // no JSON, or other than ours
  }
}

function damaged(what: string): SnapshotError {
  return new SnapshotError("SNAPSHOT_DAMAGED", `the manifest ${what}`);
}
