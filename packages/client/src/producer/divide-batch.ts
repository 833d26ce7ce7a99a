import type { RefusedRecord } from "@millrace/cluster";
import { invariant } from "@millrace/model";
import { addToSequence, RecordBatchReader, type Compression } from "@millrace/protocol/records";
import { ProducerBatch, type BatchPart } from "./partition-batches.ts";

/** Two batches with the records of one that was sent, and with its sequences. */
export function halveBatch(
  batch: ProducerBatch,
  codecs: Compression | undefined,
): readonly BatchPart[] {
  const { recordCount, identity, baseSequence, ordinal } = batch;
  invariant(identity !== undefined && recordCount > 1, "CLIENT-5", "nothing to halve");
  const all = [...Array(recordCount).keys()];
  const firstCount = recordCount >> 1;
  // Between this batch and the next one, however often it is divided.
  const ordinals = [ordinal, ordinal + ordinalGap(batch) / 2];
  return [all.slice(0, firstCount), all.slice(firstCount)].map((indexes, at) => {
    const half = takeRecords(batch, indexes, { codecs, ordinal: ordinals[at] });
    half.identity = identity;
    half.baseSequence = addToSequence(baseSequence, indexes[0]);
    return { batch: half, indexes };
  });
}

/** A batch with some records of another one, at its place in the order, and without a sequence yet. */
export function takeRecords(
  batch: ProducerBatch,
  indexes: readonly number[],
  {
    codecs,
    ordinal = batch.ordinal,
  }: { readonly codecs: Compression | undefined; readonly ordinal?: number },
): ProducerBatch {
  const { owner, createdMs, flushEpoch, recordCount, sizeBytes } = batch;
  const part = new ProducerBatch({
    owner,
    ordinal,
    createdMs,
    flushEpoch,
    capacityBytes: Math.ceil((sizeBytes * indexes.length) / recordCount),
    appendIndexes: indexes.map((index) => batch.appendIndexOf(index)),
  });
  const records = readRecords(batch, codecs);
  for (const index of indexes) {
    const { timestamp, key, value, headers } = records[index];
    part.builder.append(timestamp, key, value, headers);
  }
  part.sizeBytes = part.builder.sizeBytes;
  part.recordCount = indexes.length;
  part.attempts = batch.attempts;
  part.mayBeWritten = batch.mayBeWritten;
  return part;
}

/** The records of a batch that is sealed, as views. One that was never sent gets its bytes by this. */
export function readRecords(
  batch: ProducerBatch,
  codecs: Compression | undefined,
): readonly Omit<RefusedRecord, "appendIndex">[] {
  batch.bytes ??= batch.builder.build();
  const reader = new RecordBatchReader({ bytes: batch.bytes, codecs });
  const records: Omit<RefusedRecord, "appendIndex">[] = [];
  while (reader.next()) {
    const { timestamp, key, value, headers } = reader;
    records.push({ timestamp, key, value, headers });
  }
  return records;
}

function ordinalGap({ ordinal, owner }: ProducerBatch): number {
  let next = Math.floor(ordinal) + 1;
  for (const other of [...owner.queue, ...owner.inFlight])
    if (other.ordinal > ordinal && other.ordinal < next) next = other.ordinal;
  return next - ordinal;
}
