const step = 0x6d2b79f5;

/** Numbers from 0 to below 1, the same ones for a seed (mulberry32); as from the start, or without the first few. */
export function seededRandom(seed: number, skipCount = 0): () => number {
  let state = (seed + Math.imul(skipCount, step)) >>> 0;
  return () => {
    state = (state + step) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `MILLRACE_SEED`, or one of the clock's; tests print it. */
export function seedOfRun(): number {
  return Number(process.env["MILLRACE_SEED"] ?? Date.now() % 2 ** 31);
}
