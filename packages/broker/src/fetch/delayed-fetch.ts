import type { Platform } from "@millrace/platform";
import type { Partition } from "../partition/partition.ts";
import type { PartitionWait } from "../partition/partition-waits.ts";
import type { FetchedPartition, FetchTarget } from "./fetch-types.ts";
import {
  type FetchLimits,
  type FetchWorld,
  isOfTopic,
  readPartitions,
  readTarget,
} from "./read-partition.ts";

/** What there is of a target; its records are read when they are sent. */
export interface SeenPartition {
  readonly sizeBytes: number;
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** It has an error or a diverging epoch to be told. */
  readonly isTold: boolean;
}

/** Lets go of the records: who waits for more would hold them for as long as a client likes. */
export function seenOf(
  { response, sizeBytes, nextOffset }: FetchedPartition,
  { readMemory }: Pick<FetchWorld, "readMemory">,
): SeenPartition {
  readMemory.giveBack(response.records);
  const { highWatermark, lastStableOffset = -1 } = response;
  return { sizeBytes, nextOffset, highWatermark, lastStableOffset, isTold: isTold(response) };
}

export interface DelayedFetchOptions extends FetchWorld {
  readonly platform: Platform;
  readonly targets: readonly FetchTarget[];
  /** What there was of each, in order. */
  readonly seen: readonly SeenPartition[];
  readonly limits: FetchLimits;
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until there is enough, something cannot be read any more, or the time is up, and then reads (Kafka:
 * `DelayedFetch`). Undefined once the client is gone.
 *
 * Of a partition that has changed only that partition is looked at, and what has come to it: a fetch of much must not
 * cost all of it at each append.
 */
export function waitForRecords(
  options: DelayedFetchOptions,
): Promise<readonly FetchedPartition[] | undefined> {
  const { platform, partitions, targets, signal } = options;
  return new Promise((resolve) => {
    const waits: PartitionWait[] = [];
    const enough = new Enough(options);
    let isDone = false;
    const finish = (read: boolean) => {
      isDone = true;
      timer.cancel();
      signal.removeEventListener("abort", abandon);
      for (const wait of waits) wait.cancel();
      const readAll = () => readPartitions(options, targets, options.limits);
      resolve(read ? options.turns.woken(readAll) : undefined);
    };
    const abandon = () => finish(false);
    const timer = platform.timers.after(options.maxWaitMs, () => finish(true));
    signal.addEventListener("abort", abandon);
    for (const [index, target] of targets.entries()) {
      if (isDone) return;
      const look = () => {
        if (enough.isReachedWith(index)) finish(true);
      };
      const partition = partitions.find(target.topic ?? "", target.partition);
      if (partition !== undefined) waits.push(partition.waitForData(look));
      // The targets may have been read over several turns: something may have changed meanwhile.
      if (hasChanged(partition, target, options.seen[index])) look();
    }
    if (signal.aborted && !isDone) abandon();
  });
}

/** Whether it is not as it was read: nobody is told any more of what happened before it waits. */
function hasChanged(
  partition: Partition | undefined,
  { topicId }: FetchTarget,
  seen: SeenPartition,
): boolean {
  if (partition === undefined || partition.failure !== undefined) return true;
  if (partition.damage !== undefined || !isOfTopic(partition, topicId)) return true;
  return (
    partition.highWatermark !== seen.highWatermark ||
    partition.lastStableOffset !== seen.lastStableOffset
  );
}

/** Adds up what there is of each target. */
class Enough {
  readonly #options: DelayedFetchOptions;
  readonly #seen: SeenPartition[];
  #sumBytes = 0;

  constructor(options: DelayedFetchOptions) {
    this.#options = options;
    this.#seen = [...options.seen];
    for (const { sizeBytes } of options.seen) this.#sumBytes += sizeBytes;
  }

  /** With what has come to one of them. */
  isReachedWith(index: number): boolean {
    const seen = this.#seen[index];
    const more = this.#look(this.#options.targets[index], seen);
    this.#seen[index] = { ...more, sizeBytes: seen.sizeBytes + more.sizeBytes };
    this.#sumBytes += more.sizeBytes;
    return more.isTold || this.#sumBytes >= this.#options.limits.minBytes;
  }

  #look(target: FetchTarget, { sizeBytes, nextOffset }: SeenPartition): SeenPartition {
    const { partitions, limits } = this.#options;
    const { isCommittedOnly } = limits;
    const partition = partitions.find(target.topic ?? "", target.partition);
    // Records that were seen may be deleted by now.
    const isThere = partition !== undefined && target.fetchOffset >= partition.logStartOffset;
    const rest: FetchTarget = {
      ...target,
      fetchOffset: isThere ? nextOffset : target.fetchOffset,
      maxBytes: Math.max(0, target.maxBytes - sizeBytes),
      // Where histories part was told at first.
      lastFetchedEpoch: -1,
    };
    const minOneBatch = sizeBytes === 0;
    return seenOf(readTarget(this.#options, rest, { isCommittedOnly, minOneBatch }), this.#options);
  }
}

/** True if there are bytes enough, or an error or a diverging epoch to be told. */
export function isEnough(fetched: readonly FetchedPartition[], minBytes: number): boolean {
  let sizeBytes = 0;
  for (const one of fetched) {
    if (isTold(one.response)) return true;
    sizeBytes += one.sizeBytes;
  }
  return sizeBytes >= minBytes;
}

function isTold(response: FetchedPartition["response"]): boolean {
  return response.errorCode !== 0 || response.divergingEpoch !== undefined;
}
