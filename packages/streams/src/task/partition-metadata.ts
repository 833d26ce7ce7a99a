import type { Timestamp } from "@millrace/model";

const magic = 2;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The text that is committed beside an offset, so that stream time survives a restart: base64 of a version byte
 * and the partition time (Kafka: `TopicPartitionMetadata`).
 */
export function encodePartitionTime(partitionTime: Timestamp): string {
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  bytes[0] = magic;
  view.setInt32(1, Math.floor(partitionTime / 2 ** 32));
  view.setUint32(5, partitionTime >>> 0);
  let text = "";
  for (let index = 0; index < 9; index += 3) {
    const word = (bytes[index] << 16) | (bytes[index + 1] << 8) | bytes[index + 2];
    text +=
      alphabet[word >> 18] +
      alphabet[(word >> 12) & 63] +
      alphabet[(word >> 6) & 63] +
      alphabet[word & 63];
  }
  return text;
}

/** The partition time in a committed text; -1 where there is none, or none that can be read. */
export function decodePartitionTime(metadata: string | undefined): Timestamp {
  if (metadata === undefined || metadata.length < 12) return -1;
  const bytes = new Uint8Array(9);
  for (let index = 0; index < 12; index += 4) {
    let word = 0;
    for (let digit = 0; digit < 4; digit++) {
      const value = alphabet.indexOf(metadata[index + digit]);
      if (value < 0) return -1;
      word = (word << 6) | value;
    }
    bytes[(index / 4) * 3] = word >> 16;
    bytes[(index / 4) * 3 + 1] = (word >> 8) & 255;
    bytes[(index / 4) * 3 + 2] = word & 255;
  }
  if (bytes[0] !== 1 && bytes[0] !== magic) return -1;
  const view = new DataView(bytes.buffer);
  return view.getInt32(1) * 2 ** 32 + view.getUint32(5);
}
