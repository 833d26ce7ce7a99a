import { invariant } from "@millrace/model";

/** Uniform in [0, bound) out of uniform 32-bit words: the words of the last, incomplete lap are refused. */
export function uniformBelow(nextUint32: () => number, bound: number): number {
  invariant(bound > 0 && bound <= 2 ** 32 && Number.isInteger(bound), "PLATFORM-3", bound);
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let word = nextUint32();
  while (word >= limit) word = nextUint32();
  return word % bound;
}
