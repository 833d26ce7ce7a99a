import type { SeededRandom } from "@millrace/platform";

import { pick } from "./make-message.ts";

/** What lengths and counts claim: two gigabytes, less than nothing, a little more than there is. */
const claims: readonly (readonly number[])[] = [
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0xff, 0xff],
  [0, 1, 0, 0],
  [0x7f, 0xff],
  [0xff, 0xff],
  // The same as varints: 2^31 - 1, 2^32 - 1, 2^21, one that never ends.
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0],
  [1],
];

/** Changes one to four things; now and then none. */
export function mutate(random: SeededRandom, bytes: Uint8Array, from = 0): Uint8Array {
  let changed: Uint8Array = bytes.slice();
  for (let left = random.below(5); left > 0; left--) changed = changeOnce(random, changed, from);
  return changed;
}

function changeOnce(random: SeededRandom, bytes: Uint8Array, from: number): Uint8Array {
  const at = from + random.below(Math.max(bytes.length - from, 1));
  const count = random.below(16);
  switch (random.below(6)) {
    case 0:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      return splice(bytes, at, random.chance(0.5) ? pick(random, claims) : [random.below(256)]);
    case 3:
      return bytes.slice(0, at);
    case 4:
      // A part twice: a list with more in it than it says.
      return Buffer.concat([bytes.subarray(0, at + count), bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]);
  }
}

/** Writes over what is there, as far as there is something. */
function splice(bytes: Uint8Array, at: number, claim: readonly number[]): Uint8Array {
  for (const [index, byte] of claim.entries())
    if (at + index < bytes.length) bytes[at + index] = byte;
  return bytes;
}
