import type { RecordBatchView } from "@millrace/model";
import { KafkaError } from "@millrace/protocol";
import { type FetchResponse } from "@millrace/protocol/definitions";
import {
  AbortedTransactionFilter,
  BatchCursor,
  isCrcValid,
  readLastOffset,
  readPartitionLeaderEpoch,
  RecordBatchReader,
  type Compression,
} from "@millrace/protocol/records";

import type { AssignedPartition } from "./assigned-partition.ts";

type PartitionData = FetchResponse["responses"][number]["partitions"][number];

export interface FetchedBatchesOptions {
  readonly isCommitted: boolean;
  readonly codecs: Compression | undefined;
  /** Whether checksums are checked. */
  readonly checkCrcs: boolean;
  readonly onRelease: (partition: AssignedPartition, sizeBytes: number) => void;
}

/**
 * Puts what a fetch brought into a partition's queue: views of the response's bytes, without control batches and
 * (for committed reading) without those of aborted transactions. Offsets of what is left out count as fetched.
 *
 * CLIENT-2: batches of a partition are queued in the order of their offsets, each once.
 */
export function queueFetched(
  assigned: AssignedPartition,
  data: PartitionData,
  options: FetchedBatchesOptions,
): number {
  const bytes = data.records;
  if (bytes === null || bytes.length === 0) return 0;
  const filter = new AbortedTransactionFilter(
    options.isCommitted ? data.abortedTransactions : null,
  );
  const cursor = new BatchCursor(bytes);
  let queuedBytes = 0;
  while (cursor.next()) {
    const { position, sizeBytes } = cursor;
    const nextOffset = readLastOffset(bytes, position) + 1;
    if (nextOffset <= assigned.fetchOffset) continue;
    const isWanted = filter.accepts(bytes, position);
    if (isWanted) {
      if (options.checkCrcs && !isCrcValid(bytes, position)) throw corrupt(assigned);
      const view = openBatch(assigned, bytes, { position, sizeBytes }, options);
      assigned.fetched.push(view);
      assigned.bufferedBytes += sizeBytes;
      queuedBytes += sizeBytes;
    }
    assigned.fetchOffset = nextOffset;
    assigned.lastEpoch = readPartitionLeaderEpoch(bytes, position);
  }
  return queuedBytes;
}

function corrupt({ topic, partition, fetchOffset }: AssignedPartition): KafkaError {
  return new KafkaError(
    "CORRUPT_MESSAGE",
    `a batch of ${topic}-${partition} at offset ${fetchOffset} does not match its checksum; look at the broker's log, or seek beyond it`,
  );
}

function openBatch(
  assigned: AssignedPartition,
  bytes: Uint8Array,
  { position, sizeBytes }: { readonly position: number; readonly sizeBytes: number },
  options: FetchedBatchesOptions,
): RecordBatchView {
  return new RecordBatchReader({
    topic: assigned.topic,
    partition: assigned.partition,
    bytes,
    position,
    fromOffset: assigned.fetchOffset,
    codecs: options.codecs,
    onRelease: () => {
      assigned.bufferedBytes -= sizeBytes;
      options.onRelease(assigned, sizeBytes);
    },
  });
}
