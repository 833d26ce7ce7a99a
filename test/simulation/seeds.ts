import type { PlantName } from "./plants.ts";

/**
 * Seeds that found a bug once, and what it was; they are run for ever. A seed names a world only together with
 * the code that lives in it: after other changes it is another world, as good as any.
 */
export const regressionSeeds: readonly { readonly seed: number; readonly found: string }[] = [
  {
    seed: 6,
    found: "a folder's topic id that only the page cache had was trusted after a kill, and lost",
  },
  { seed: 13, found: "work of a lost session was committed with the next transaction" },
  { seed: 47, found: "a restore ended before a marker that was still to be written" },
  {
    seed: 62,
    found: "a coordinator's log that could not be made stayed away until the next start",
  },
  { seed: 80, found: "an engine whose stores could not be opened was left open, and locked" },
  { seed: 101, found: "a topic that a full disk held up stayed incomplete until the next start" },
  { seed: 102, found: "tasks were kept over a generation in which another member had them" },
  {
    seed: 487,
    found: "a loop that was woken while it joined never waited again, and stopped the world",
  },
];

/** A seed for each planted bug that finds it. */
export const plantSeeds: Readonly<Record<PlantName, number>> = {
  "ack-before-fsync": 1,
  "store-before-end": 12,
  "old-epoch-on-end": 10,
  "timer-after-close": 16,
};
