import { LogRequestError, type LogSlice } from "@millrace/log";
import { KafkaError } from "@millrace/protocol";
import type { LogConfig } from "@millrace/log";
import type { LogOfPartition } from "./log-of-partition.ts";

/** A log that nothing was written to, or whose folder cannot be used: it reads as empty and takes nothing. */
export function absentLog(place: {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly config: LogConfig;
}): LogOfPartition {
  const refuse = () => {
    throw new KafkaError("NOT_LEADER_OR_FOLLOWER");
  };
  return {
    ...place,
    path: `${place.topic}-${place.partition}`,
    latestEpoch: -1,
    logStartOffset: 0,
    lastStableOffset: 0,
    highWatermark: 0,
    logEndOffset: 0,
    durableOffset: 0,
    activeBaseOffset: 0,
    sizeBytes: 0,
    damage: undefined,
    append: refuse,
    sync: () => Promise.resolve(),
    advanceHighWatermark: () => {},
    read: (offset) => (offset === 0 ? emptySlice : outOfRange(offset)),
    abortedTransactions: () => [],
    offsetForTimestamp: () => undefined,
    maxTimestamp: () => undefined,
    epochForOffset: () => -1,
    endOffsetForEpoch: () => undefined,
    startTransactionVerification: refuse,
    producers: () => [],
    deleteRecordsBefore: (offset) =>
      offset === 0 ? Promise.resolve(0) : Promise.reject(rangeError(offset)),
    updateConfig: () => {},
    removeExpiredProducers: () => {},
    segments: () => [],
    close: () => Promise.resolve(),
  };
}

const emptySlice: LogSlice = Object.freeze({ parts: [], sizeBytes: 0, nextOffset: 0, upTo: 0 });

function rangeError(offset: number): LogRequestError {
  return new LogRequestError("OFFSET_OUT_OF_RANGE", `offset ${offset} is outside of 0 to 0`);
}

function outOfRange(offset: number): never {
  throw rangeError(offset);
}
