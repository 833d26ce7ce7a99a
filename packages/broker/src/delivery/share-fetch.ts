import { errorCodeOf } from "@millrace/protocol";
import { LogRequestError, type ReadMemory } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import { errorCodeOfFailure } from "../partition/failure-name.ts";
import type { Turns } from "../server/turns.ts";
import type { UnreadAnswers } from "../server/unread-answers.ts";
import type { AcquiredRecords } from "./partition/acquire.ts";
import { batchesOf, type ReadBatch, readBatches, sizeOf } from "./read-share.ts";
import type { SharePartition } from "./share-partition.ts";
import type { SharedPlace } from "./share-session.ts";

/** A partition that records are asked of. */
export interface ShareTarget extends SharedPlace {
  readonly shared: SharePartition;
}

/** What became of it. */
export interface SharedRecords extends SharedPlace {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly records: readonly Uint8Array[];
  readonly acquired: readonly AcquiredRecords[];
}

export interface ShareFetchRequest {
  readonly memberId: string;
  readonly isRecordLimit: boolean;
  readonly isCommittedOnly: boolean;
  readonly batchSize: number;
  readonly recordsMax: number;
  readonly maxBytes: number;
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly targets: readonly ShareTarget[];
}

export interface ShareFetchWorld {
  readonly platform: Platform;
  readonly memory: ReadMemory;
  readonly turns: Turns;
  readonly unread: UnreadAnswers;
  readonly signal: AbortSignal;
}

/**
 * Gives a member records as soon as there are enough of them, or its time is up (Kafka: `DelayedShareFetch`). Undefined
 * once the client is gone.
 */
export async function shareFetch(
  world: ShareFetchWorld,
  request: ShareFetchRequest,
): Promise<readonly SharedRecords[] | undefined> {
  const { targets, recordsMax, maxBytes } = request;
  if (targets.length === 0 || recordsMax === 0 || maxBytes === 0) return [];
  const fetch = new Fetch(world, request);
  return fetch.tryNow() ?? (await fetch.later());
}

class Fetch {
  readonly #world: ShareFetchWorld;
  readonly #request: ShareFetchRequest;

  constructor(world: ShareFetchWorld, request: ShareFetchRequest) {
    this.#world = world;
    this.#request = request;
  }

  /** Undefined: there is not enough. */
  tryNow(): readonly SharedRecords[] | undefined {
    const reads = this.#read();
    const isEnough = reads.some(({ failure }) => failure !== undefined);
    let sizeBytes = 0;
    for (const { batches } of reads) sizeBytes += sizeOf(batches);
    if (reads.length > 0 && (isEnough || sizeBytes >= this.#request.minBytes))
      return this.#acquire(reads);
    this.#giveBack(reads);
    return undefined;
  }

  later(): Promise<readonly SharedRecords[] | undefined> {
    const { platform, signal, turns } = this.#world;
    const { targets, maxWaitMs } = this.#request;
    return new Promise((resolve) => {
      const cancels: (() => void)[] = [];
      let isDone = false;
      const finish = (answer: readonly SharedRecords[] | undefined) => {
        isDone = true;
        for (const cancel of cancels) cancel();
        resolve(answer);
      };
      const look = () => {
        if (isDone) return;
        void turns.woken(() => {
          const found = isDone ? undefined : this.tryNow();
          if (found !== undefined) finish(found);
        });
      };
      const abandon = () => finish(undefined);
      const timer = platform.timers.after(maxWaitMs, () => {
        if (!isDone) finish(this.#acquire(this.#read()));
      });
      cancels.push(() => timer.cancel());
      signal.addEventListener("abort", abandon);
      cancels.push(() => signal.removeEventListener("abort", abandon));
      for (const { shared } of targets) {
        cancels.push(shared.wait(look));
        const wait = shared.partition.waitForData(look);
        cancels.push(() => wait.cancel());
      }
      if (signal.aborted) abandon();
    });
  }

  /** What there is of the partitions that records can be acquired of. */
  #read(): readonly Read[] {
    const { memory, unread } = this.#world;
    const { targets, isCommittedOnly } = this.#request;
    const open = targets.filter(({ shared }) => shared.canAcquire);
    let remaining = Math.min(this.#request.maxBytes, unread.answerBytesMax);
    let minOneBatch = true;
    return open.map((target, index) => {
      const { partition, nextOffset } = target.shared;
      const maxBytes = Math.floor(remaining / (open.length - index));
      try {
        const batches = readBatches(partition, nextOffset, {
          maxBytes,
          minOneBatch,
          isCommittedOnly,
          memory,
        });
        const sizeBytes = sizeOf(batches);
        if (sizeBytes > 0) minOneBatch = false;
        remaining = Math.max(0, remaining - sizeBytes);
        return { target, fetchOffset: nextOffset, batches };
      } catch (failure) {
        return { target, fetchOffset: nextOffset, batches: [], failure };
      }
    });
  }

  #acquire(reads: readonly Read[]): readonly SharedRecords[] {
    let remaining = this.#request.recordsMax;
    return reads.map((read) => {
      const { topicId, partition, shared } = read.target;
      const place = { topicId, partition };
      if (read.failure !== undefined) return { ...place, ...this.#failed(shared, read.failure) };
      const { memberId, isRecordLimit, batchSize } = this.#request;
      const acquired = shared.acquire({
        memberId,
        isRecordLimit,
        batchSize,
        recordsMax: remaining,
        fetchOffset: read.fetchOffset,
        fetched: read.batches,
      });
      for (const { firstOffset, lastOffset } of acquired) remaining -= lastOffset - firstOffset + 1;
      if (acquired.length === 0) this.#giveBack([read]);
      return { ...place, ...noError, records: batchesOf(read.batches, acquired), acquired };
    });
  }

  /** Who asks for what is gone goes on with what is there. */
  #failed(shared: SharePartition, failure: unknown): Omit<SharedRecords, keyof SharedPlace> {
    const isOut = failure instanceof LogRequestError && failure.code === "OFFSET_OUT_OF_RANGE";
    if (isOut) shared.startAt(shared.partition.logStartOffset);
    const errorCode = isOut ? errorCodeOf("NONE") : errorCodeOfFailure(failure);
    return { ...noError, errorCode, records: [], acquired: [] };
  }

  #giveBack(reads: readonly Read[]): void {
    for (const { batches } of reads) this.#world.memory.giveBack(batches.map(({ bytes }) => bytes));
  }
}

const noError = { errorCode: 0, errorMessage: null };

interface Read {
  readonly target: ShareTarget;
  readonly fetchOffset: number;
  readonly batches: readonly ReadBatch[];
  readonly failure?: unknown;
}
