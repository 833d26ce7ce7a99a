import { murmur2 } from "@millrace/model";
import type { EngineEntry } from "../contract/store-engine.ts";

/**
 * One batch in the file: payload length (4), murmur2 of the payload (4), payload. The payload repeats: key length (4),
 * key, value length (4; -1: deleted), value. Numbers are big-endian.
 */
const frameHeaderBytes = 8;

export function encodeFrame(entries: Iterable<EngineEntry>): Uint8Array {
  const batch = [...entries];
  let length = 0;
  for (const { key, value } of batch) length += 8 + key.length + (value?.length ?? 0);
  const frame = new Uint8Array(frameHeaderBytes + length);
  const view = new DataView(frame.buffer);
  let position = frameHeaderBytes;
  for (const { key, value } of batch) {
    view.setInt32(position, key.length);
    frame.set(key, position + 4);
    position += 4 + key.length;
    view.setInt32(position, value === null ? -1 : value.length);
    if (value !== null) frame.set(value, position + 4);
    position += 4 + (value?.length ?? 0);
  }
  view.setInt32(0, length);
  view.setInt32(4, murmur2(frame.subarray(frameHeaderBytes)));
  return frame;
}

/** The batch at a position and where the next begins; undefined where no whole batch is. */
export function decodeFrame(
  file: Uint8Array,
  position: number,
): { readonly entries: readonly EngineEntry[]; readonly end: number } | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (position + frameHeaderBytes > file.length) return undefined;
  const length = view.getInt32(position);
  const start = position + frameHeaderBytes;
  if (length <= 0 || start + length > file.length) return undefined;
  const payload = file.subarray(start, start + length);
  if (murmur2(payload) !== view.getInt32(position + 4)) return undefined;
  return { entries: decodeEntries(payload), end: start + length };
}

/** The checksum held: lengths are right. */
function decodeEntries(payload: Uint8Array): EngineEntry[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const entries: EngineEntry[] = [];
  let position = 0;
  while (position < payload.length) {
    const keyEnd = position + 4 + view.getInt32(position);
    const key = payload.slice(position + 4, keyEnd);
    const valueLength = view.getInt32(keyEnd);
    const value = valueLength < 0 ? null : payload.slice(keyEnd + 4, keyEnd + 4 + valueLength);
    entries.push({ key, value });
    position = keyEnd + 4 + Math.max(0, valueLength);
  }
  return entries;
}
