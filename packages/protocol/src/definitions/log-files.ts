import { array, int16, int32, int64, uint32 } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * What lies beside a log: the entry of a transaction index and a snapshot of producers, each behind
 * its
 * version in two bytes.
 */

export const abortedTxn = message(
  "AbortedTxn",
  { min: 0, max: 0 },
  {
    producerId: int64(),
    firstOffset: int64(),
    lastOffset: int64(),
    lastStableOffset: int64(),
  },
);
export type AbortedTxn = Decoded<typeof abortedTxn>;

export const producerSnapshot = message(
  "ProducerSnapshot",
  { min: 1, max: 1 },
  {
    crc: uint32(),
    producerEntries: array({
      producerId: int64(),
      epoch: int16(),
      lastSequence: int32(),
      lastOffset: int64(),
      offsetDelta: int32(),
      timestamp: int64(),
      coordinatorEpoch: int32(),
      currentTxnFirstOffset: int64(),
    }),
  },
);
export type ProducerSnapshot = Decoded<typeof producerSnapshot>;
