import { concatBytes, encodeUtf8 } from "@millrace/model";

/** As large as the one that Node's `Buffer.allocUnsafe` cuts small buffers from. */
const roomSize = 8192;
const shortTextMax = roomSize / 8;

const encoder = new TextEncoder();
let room = new Uint8Array(roomSize);
let used = 0;

/**
 * The prefix and the text in UTF-8. Short ones are cut from room that is made for many at once: to make an array of
 * its own for each costs more than all else of the writing.
 */
export function encodeAfter(prefix: Uint8Array, text: string): Uint8Array {
  if (text.length + prefix.length > shortTextMax) return concatBytes(prefix, encodeUtf8(text));
  return encodeWithin(prefix, text) ?? encodeInFreshRoom(prefix, text);
}

/** Undefined where what is left of the room does not hold it. */
function encodeWithin(prefix: Uint8Array, text: string): Uint8Array | undefined {
  const start = used;
  const textStart = start + prefix.length;
  if (textStart + text.length > roomSize) return undefined;
  room.set(prefix, start);
  const { read, written } = encoder.encodeInto(text, room.subarray(textStart));
  if (read < text.length) return undefined;
  used = textStart + written;
  return room.subarray(start, used);
}

function encodeInFreshRoom(prefix: Uint8Array, text: string): Uint8Array {
  room = new Uint8Array(roomSize);
  used = 0;
  return encodeWithin(prefix, text) ?? concatBytes(prefix, encodeUtf8(text));
}
