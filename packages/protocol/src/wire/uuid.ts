import { ProtocolError } from "../protocol-error.ts";

/**
 * A 128-bit id as Kafka prints it: 22 characters of URL-safe base64 (Kafka: `Uuid`). A text, so
 * that
 * it is a map key, and what stands in `partition.metadata`.
 */
export type Uuid = string;

/** The id that means "none" (Kafka: `Uuid.ZERO_UUID`). */
export const zeroUuid: Uuid = "AAAAAAAAAAAAAAAAAAAAAA";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const sixBits = new Int8Array(128).fill(-1);
for (let index = 0; index < 64; index++) sixBits[alphabet.charCodeAt(index)] = index;

/** The id in 16 bytes from a position, which must be there. */
export function uuidFromBytes(bytes: Uint8Array, position = 0): Uuid {
  let text = "";
  for (let index = position; index < position + 15; index += 3) {
    const bits = (bytes[index] << 16) | (bytes[index + 1] << 8) | bytes[index + 2];
    text +=
      alphabet[bits >>> 18] +
      alphabet[(bits >>> 12) & 63] +
      alphabet[(bits >>> 6) & 63] +
      alphabet[bits & 63];
  }
  const last = bytes[position + 15];
  text += alphabet[last >>> 2] + alphabet[(last & 3) << 4];
  return text === zeroUuid ? zeroUuid : text;
}

/** Writes the 16 bytes of an id. @throws ProtocolError `INVALID_VALUE` */
export function uuidToBytes(
  uuid: Uuid,
  target: Uint8Array = new Uint8Array(16),
  position = 0,
): Uint8Array {
  let bits = 0;
  let bitCount = 0;
  let at = position;
  for (let index = 0; index < 22; index++) {
    const code = uuid.length === 22 ? uuid.charCodeAt(index) : 128;
    const six = code < 128 ? sixBits[code] : -1;
    if (six < 0) {
      throw new ProtocolError(
        "INVALID_VALUE",
        `${JSON.stringify(uuid)} is no id; give 22 characters of URL-safe base64`,
      );
    }
    bits = ((bits << 6) | six) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      target[at++] = bits >>> bitCount;
    }
  }
  return target;
}
