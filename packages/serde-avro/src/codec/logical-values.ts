import type { ReadCursor } from "./read-cursor.ts";
import { mismatch, type WriteCursor } from "./write-cursor.ts";

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** An amount of calendar time (Avro: `duration`); the three are not converted into each other. */
export interface AvroDuration {
  readonly months: number;
  readonly days: number;
  readonly milliseconds: number;
}

export function readDuration(cursor: ReadCursor): AvroDuration {
  const bytes = cursor.fixed(12);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    months: view.getUint32(0, true),
    days: view.getUint32(4, true),
    milliseconds: view.getUint32(8, true),
  };
}

export function writeDuration(cursor: WriteCursor, value: unknown): void {
  if (typeof value !== "object" || value === null) throw mismatch();
  const { months, days, milliseconds } = value as Partial<AvroDuration>;
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  [months, days, milliseconds].forEach((part, index) => {
    if (typeof part !== "number" || part >>> 0 !== part) throw mismatch();
    view.setUint32(4 * index, part, true);
  });
  cursor.putRaw(bytes);
}

export function readUuid(cursor: ReadCursor): string {
  let hex = "";
  for (const byte of cursor.fixed(16)) hex += byte.toString(16).padStart(2, "0");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function writeUuid(cursor: WriteCursor, value: unknown): void {
  const hex = requireUuid(value).replaceAll("-", "");
  const bytes = Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
  cursor.putRaw(bytes);
}

export function requireUuid(value: unknown): string {
  if (typeof value === "string" && uuid.test(value)) return value;
  throw mismatch();
}

/** An instant's text without its `Z`. */
export function withoutZone(value: unknown): string {
  if (typeof value === "string" && value.endsWith("Z")) return value.slice(0, -1);
  throw mismatch();
}
