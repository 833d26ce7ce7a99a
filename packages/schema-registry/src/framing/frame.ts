import { FrameError } from "./frame-error.ts";

/** Of bytes that begin with an id. */
export const idMagic = 0;
/** Of bytes that begin with a GUID. */
export const guidMagic = 1;
/** The magic byte and the id. */
export const idFrameSize = 5;
/** The magic byte and the GUID. */
export const guidFrameSize = 17;

/** What stands before a value: the magic byte 0 and the id, four bytes. Ids may be negative: 2147483647 is followed by them. */
export function idFrame(id: number): Uint8Array {
  return Uint8Array.of(idMagic, id >> 24, id >> 16, id >> 8, id);
}

/**
 * The id before a value.
 *
 * @throws FrameError `UNKNOWN_MAGIC_BYTE`, `FRAME_TRUNCATED`
 */
export function readId(bytes: Uint8Array): number {
  if (bytes.length < idFrameSize || bytes[0] !== idMagic) throw unreadable(bytes, idFrameSize);
  return (bytes[1] << 24) | (bytes[2] << 16) | (bytes[3] << 8) | bytes[4];
}

/** The magic byte 1 and the GUID: the header's value, before message indexes. */
export function guidFrame(guid: string): Uint8Array {
  const digits = guid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(digits))
    throw new FrameError("FRAME_INVALID", `${guid} is no GUID of a schema`);
  const frame = new Uint8Array(guidFrameSize);
  frame[0] = guidMagic;
  for (let index = 0; index < 16; index++)
    frame[index + 1] = Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
  return frame;
}

/**
 * The GUID in a header, in its usual spelling.
 *
 * @throws FrameError `UNKNOWN_MAGIC_BYTE`, `FRAME_TRUNCATED`
 */
export function readGuid(bytes: Uint8Array): string {
  if (bytes.length < guidFrameSize || bytes[0] !== guidMagic)
    throw unreadable(bytes, guidFrameSize);
  let digits = "";
  for (let index = 1; index < guidFrameSize; index++)
    digits += bytes[index].toString(16).padStart(2, "0");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The name of the header that holds the schema of a record's key or value. */
export function schemaHeaderName(part: "key" | "value"): string {
  return part === "key" ? "__key_schema_id" : "__value_schema_id";
}

function unreadable(bytes: Uint8Array, size: number): FrameError {
  const magic = bytes[0];
  if (magic !== undefined && magic !== idMagic && magic !== guidMagic)
    return new FrameError(
      "UNKNOWN_MAGIC_BYTE",
      `the bytes begin with ${magic}, not with a schema's id (0) or GUID (1): a serde without a schema registry wrote them`,
    );
  return new FrameError(
    "FRAME_TRUNCATED",
    `${bytes.length} bytes; a schema's ${magic === guidMagic ? "GUID" : "id"} alone takes ${size}`,
  );
}
