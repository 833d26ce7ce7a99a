import { type LogConfig, LogRequestError, type LogSlice } from "@millrace/log";
import { noBytes } from "@millrace/model";
import type { LogOfPartition } from "./log-of-partition.ts";

export interface AbsentLogPlace {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly config: LogConfig;
}

/** A log that nothing was written to, or whose folder cannot be used: it reads as empty. Nobody writes to it. */
export class AbsentLog implements AbsentLogOfPartition {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly path: string;
  readonly latestEpoch = -1;
  readonly logStartOffset = 0;
  readonly lastStableOffset = 0;
  readonly highWatermark = 0;
  readonly logEndOffset = 0;
  readonly durableOffset = 0;
  readonly activeBaseOffset = 0;
  readonly sizeBytes = 0;
  readonly damage = undefined;
  readonly isNew = false;
  config: LogConfig;

  constructor(place: AbsentLogPlace) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.leaderEpoch = place.leaderEpoch;
    this.path = `${place.topic}-${place.partition}`;
    this.config = place.config;
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  advanceHighWatermark(): void {}

  read(offset: number): LogSlice {
    if (offset !== 0) throw outOfRange(offset);
    return emptySlice;
  }

  abortedTransactions(): [] {
    return [];
  }

  offsetForTimestamp(): undefined {
    return undefined;
  }

  maxTimestamp(): undefined {
    return undefined;
  }

  epochForOffset(): number {
    return -1;
  }

  endOffsetForEpoch(): undefined {
    return undefined;
  }

  producers(): [] {
    return [];
  }

  async deleteRecordsBefore(offset: number): Promise<number> {
    if (offset !== 0) throw outOfRange(offset);
    return 0;
  }

  updateConfig(changes: Partial<LogConfig>): void {
    this.config = { ...this.config, ...changes };
  }

  removeExpiredProducers(): void {}

  segments(): [] {
    return [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What can be asked of a log before it is written. */
export type AbsentLogOfPartition = Omit<
  LogOfPartition,
  "append" | "roll" | "startTransactionVerification" | "upkeep"
>;

const emptySlice: LogSlice = Object.freeze({
  parts: [],
  sizeBytes: 0,
  nextOffset: 0,
  upTo: 0,
  rest: noBytes,
});

function outOfRange(offset: number): LogRequestError {
  return new LogRequestError("OFFSET_OUT_OF_RANGE", `offset ${offset} is outside of 0 to 0`);
}
