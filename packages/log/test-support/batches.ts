import { encodeUtf8, noHeaders } from "@millrace/model";
import {
  encodeEndTransactionMarker,
  readBaseOffset,
  readBatchSizeBytes,
  readRecordCount,
  RecordBatchBuilder,
} from "@millrace/protocol/records";
import type { LogSlice } from "../src/log-types.ts";

export interface BatchOptions {
  readonly values?: readonly string[];
  readonly timestamp?: number;
  readonly timestampStep?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly key?: string | null;
}

/** A batch as a client sends it. */
export function batchOf(options: BatchOptions = {}): Uint8Array {
  const { values = ["value"], timestamp = 1000, timestampStep = 1, key = "key" } = options;
  const builder = new RecordBatchBuilder({ capacityBytes: 256 });
  values.forEach((value, index) =>
    builder.append(
      timestamp + index * timestampStep,
      key === null ? null : encodeUtf8(key),
      encodeUtf8(value),
      noHeaders,
    ),
  );
  const { producerId = -1, producerEpoch = -1, baseSequence = -1 } = options;
  const isTransactional = options.isTransactional ?? false;
  return builder.build({ producerId, producerEpoch, baseSequence, isTransactional }).slice();
}

export function markerOf(
  outcome: "commit" | "abort",
  producerId: number,
  producerEpoch: number,
  coordinatorEpoch = 0,
): Uint8Array {
  const marker = { outcome, producerId, producerEpoch, coordinatorEpoch, timestamp: 5000 };
  return encodeEndTransactionMarker(marker).slice();
}

/** `[base offset, record count]` of each batch in a slice. */
export function batchesIn(slice: LogSlice): [number, number][] {
  const found: [number, number][] = [];
  for (const part of slice.parts)
    for (let at = 0; at < part.length; at += readBatchSizeBytes(part, at))
      found.push([readBaseOffset(part, at), readRecordCount(part, at)]);
  return found;
}
