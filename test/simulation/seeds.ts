import type { PlantName } from "./planted/plants.ts";

/**
 * Seeds that found a bug once, and what it was; they are run for ever. A seed names a world only together with
 * the code that lives in it: after other changes it is another world, as good as any.
 */
export const regressionSeeds: readonly {
  readonly seed: number;
  /** In place of the one that the seed draws. */
  readonly program?: string;
  readonly found: string;
}[] = [
  { seed: 5089, found: "a member that was forgotten went on with what it had been given before" },
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
  {
    seed: 292,
    program: "outerJoin-of-one-topic",
    found: "a clock that went back held up what had found no partner",
  },
  {
    seed: 725,
    program: "outerJoin-of-two-topics",
    found: "a task waited for the end of an input that it was given again, and was never told",
  },
  {
    seed: 270,
    program: "outerJoin-of-one-topic",
    found: "a lost sector in which a batch had only its head was taken for damage of a log",
  },
  {
    seed: 1115,
    program: "outerJoin-of-one-topic",
    found:
      "the harness took a segment that a full disk kept from being dropped for one that came back",
  },
  {
    seed: 20484,
    found: "tasks whose assignment was told by an answer that got lost stayed undone",
  },
  { seed: 21738, found: "a late heartbeat was answered to nobody, and its tasks stayed undone" },
  {
    seed: 500931,
    found: "a member whose leave a full disk kept out had no session any more, and kept its tasks",
  },
  { seed: 720, found: "the harness took for the end what it had seen before the last transaction" },
];

/** The first seed that finds each planted bug: as the code changes, one that comes soon after. */
export const plantSeeds: Readonly<Record<PlantName, number>> = {
  "ack-before-fsync": 1,
  "store-before-end": 3,
  "old-epoch-on-end": 10,
  "timer-after-close": 7,
  "expired-segment-back": 1,
  "session-left-after-merge": 54,
  "closed-window-told-again": 54,
  "stream-time-lost": 14,
  "suppressed-lost": 75,
  "unmatched-told-again": 131,
  "other-side-lost": 1,
  "waiting-for-version-lost": 119,
  "stale-answer-taken": 41,
  "awaited-lost": 11,
  "other-key-compacted": 3,
  "aborted-compacted": 24,
  "restore-left-out": 6,
  "restore-ends-early": 6,
  "restore-reads-uncommitted": 24,
  "inputs-read-uncommitted": 6,
  "partition-left-out-of-commit": 2,
  "committed-ahead": 1,
  "transactions-not-divided": 11,
  "change-not-logged": 2,
  "caches-left-behind": 7,
  "ended-client-remembered": 8,
  "offsets-before-entries": 76,
  "forgotten-member-goes-on": 143,
  "engine-left-open": 1,
};

/** Looked for under verify alone: found by one seed in twenty at most, or by what finds another one as well. */
export const verifiedOnly: ReadonlySet<PlantName> = new Set([
  "timer-after-close",
  "aborted-compacted",
  "offsets-before-entries",
  "restore-left-out",
  "restore-reads-uncommitted",
  "inputs-read-uncommitted",
  "partition-left-out-of-commit",
  "committed-ahead",
  "change-not-logged",
  "caches-left-behind",
  "forgotten-member-goes-on",
  "engine-left-open",
]);
