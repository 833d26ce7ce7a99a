import { invariant } from "@millrace/model";
import {
  addToSequence,
  readBatchHeader,
  RecordBatchReader,
  writeBatchHeader,
  type Compression,
  type CompressionName,
} from "@millrace/protocol/records";
import { ProducerBatch, type ProducerIdentity } from "./producer-batch.ts";

export interface StampOptions {
  readonly identity: ProducerIdentity;
  readonly isTransactional: boolean;
  readonly compression: CompressionName;
  readonly codecs: Compression | undefined;
}

/**
 * Gives a batch its identity and sequence, and its bytes. CLIENT-5: the sequences of a partition's batches
 * follow each other without a gap, in the order of their records, within one identity. A batch that was
 * stamped before keeps its stamp, unless its partition had to begin anew.
 */
export function stampBatch(batch: ProducerBatch, options: StampOptions): Uint8Array {
  const { owner } = batch;
  const { identity } = options;
  if (owner.mustRestamp) {
    invariant(owner.inFlight.length === 0, "CLIENT-5", "a sequence restarts under way");
    owner.mustRestamp = false;
    owner.identity = identity;
    owner.nextSequence = 0;
    for (const queued of [batch, ...owner.queue]) queued.identity = undefined;
  }
  if (batch.bytes !== undefined && batch.identity !== undefined) return batch.bytes;
  if (owner.identity !== identity) {
    invariant(owner.inFlight.length === 0, "CLIENT-5", "an identity changes under way");
    owner.identity = identity;
    owner.nextSequence = 0;
  }
  batch.identity = identity;
  batch.baseSequence = owner.nextSequence;
  owner.nextSequence = addToSequence(owner.nextSequence, batch.recordCount);
  const { producerId, producerEpoch } = identity;
  const { baseSequence } = batch;
  if (batch.bytes === undefined) {
    const { isTransactional, compression, codecs } = options;
    batch.bytes = batch.builder.build({
      producerId,
      producerEpoch,
      baseSequence,
      isTransactional,
      compression,
      codecs,
    });
  } else {
    // A copy: what was sent before may still lie with the socket.
    const bytes = batch.bytes.slice();
    const header = readBatchHeader(bytes, 0);
    const stamp = { producerId, producerEpoch, baseSequence };
    writeBatchHeader(bytes, 0, bytes.length, { ...header, ...stamp });
    batch.bytes = bytes;
  }
  return batch.bytes;
}

/** Two batches with the records of one that was too large, and with its sequences. */
export function splitBatch(
  batch: ProducerBatch,
  options: StampOptions,
): readonly [ProducerBatch, ProducerBatch] {
  invariant(batch.bytes !== undefined && batch.recordCount > 1, "CLIENT-5", "nothing to split");
  const reader = new RecordBatchReader({ bytes: batch.bytes, codecs: options.codecs });
  const firstCount = batch.recordCount >> 1;
  const first = takeRecords(batch, reader, { count: firstCount, ordinal: batch.ordinal, options });
  const second = takeRecords(batch, reader, {
    count: batch.recordCount - firstCount,
    // Between this batch and the next one, however often it is split.
    ordinal: batch.ordinal + ordinalGap(batch) / 2,
    options,
  });
  return [first, second];
}

function ordinalGap({ ordinal, owner }: ProducerBatch): number {
  let next = Math.floor(ordinal) + 1;
  for (const other of [...owner.queue, ...owner.inFlight])
    if (other.ordinal > ordinal && other.ordinal < next) next = other.ordinal;
  return next - ordinal;
}

function takeRecords(
  batch: ProducerBatch,
  reader: RecordBatchReader,
  {
    count,
    ordinal,
    options,
  }: { readonly count: number; readonly ordinal: number; readonly options: StampOptions },
): ProducerBatch {
  const { owner, createdMs, flushEpoch, baseSequence, identity } = batch;
  const half = new ProducerBatch({
    owner,
    ordinal,
    createdMs,
    flushEpoch,
    capacityBytes: batch.sizeBytes / 2,
  });
  for (let index = 0; index < count && reader.next(); index++)
    half.builder.append(reader.timestamp, reader.key, reader.value, reader.headers);
  half.sizeBytes = half.builder.sizeBytes;
  half.recordCount = count;
  half.attempts = batch.attempts;
  half.identity = identity;
  const isSecond = ordinal !== batch.ordinal;
  half.baseSequence = isSecond
    ? addToSequence(baseSequence, batch.recordCount - count)
    : baseSequence;
  const { isTransactional, compression, codecs } = options;
  half.bytes = half.builder.build({
    ...(identity ?? options.identity),
    baseSequence: half.baseSequence,
    isTransactional,
    compression,
    codecs,
  });
  return half;
}
