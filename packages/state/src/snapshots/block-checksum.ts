import { murmur2 } from "@millrace/model";

/** Finds whatever changes one word of four bytes, and of anything else all but one in four thousand millions. */
export function checksumOf(bytes: Uint8Array): number {
  return murmur2(bytes) >>> 0;
}
