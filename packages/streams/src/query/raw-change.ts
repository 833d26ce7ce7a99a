import type { Offset, RecordBatchView } from "@millrace/model";

import type { AnswerRow } from "./question.ts";

/** A change as bytes; the key is that of the changelog. */
export interface RawChange {
  readonly row: Omit<AnswerRow, "value"> & { readonly value: Uint8Array | null };
  readonly partition: number;
  /** Undefined: it was in the store before. */
  readonly offset: Offset | undefined;
}

/** The changes of a batch whose keys are meant, copied out of it; it is released then. */
export function* changesIn(
  batch: RecordBatchView,
  isMeant: (key: Uint8Array) => boolean,
): Generator<RawChange> {
  const { partition } = batch;
  try {
    while (batch.next()) {
      const { key, value, timestamp, headers, offset } = batch;
      if (key === null || !isMeant(key)) continue;
      const copy = value === null ? null : value.slice();
      yield { row: { key: key.slice(), value: copy, timestamp, headers }, partition, offset };
    }
  } finally {
    batch.release();
  }
}
