import { noHeaders } from "@millrace/model";
import { describe, expect, it } from "vitest";
import { AbortedTransactionFilter, type AbortedTransaction } from "./aborted-transaction-filter.ts";
import { decodeControlBatch, encodeEndTransactionMarker } from "./control-batch.ts";
import { RecordBatchBuilder } from "./record-batch-builder.ts";

function data(baseOffset: number, producerId = -1): Uint8Array {
  const builder = new RecordBatchBuilder();
  builder.append(0, null, null, noHeaders);
  builder.append(0, null, null, noHeaders);
  return builder.build({
    baseOffset,
    producerId,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: producerId >= 0,
  });
}

function marker(baseOffset: number, producerId: number, outcome: "commit" | "abort"): Uint8Array {
  return encodeEndTransactionMarker({
    outcome,
    producerId,
    producerEpoch: 4,
    coordinatorEpoch: 11,
    timestamp: 99,
    baseOffset,
  });
}

function accepted(
  batches: readonly Uint8Array[],
  aborted: readonly AbortedTransaction[] | null,
): boolean[] {
  const filter = new AbortedTransactionFilter(aborted);
  return batches.map((batch) => filter.accepts(batch, 0));
}

describe("PROTOCOL-8: the filter of aborted transactions", () => {
  it("hides data between the first offset of a transaction and its abort, and all markers", () => {
    const batches = [
      data(0, 7),
      data(2, 7),
      marker(4, 7, "abort"),
      data(5, 7),
      marker(7, 7, "commit"),
    ];
    expect(accepted(batches, [{ producerId: 7, firstOffset: 0 }])).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  it("tells producers apart and leaves plain data alone", () => {
    const batches = [
      data(0, 7),
      data(2, 8),
      data(4),
      marker(6, 7, "abort"),
      marker(7, 8, "commit"),
    ];
    expect(accepted(batches, [{ producerId: 7, firstOffset: 0 }])).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it("takes transactions of one producer in turn, given in any order", () => {
    const aborted = [
      { producerId: 7, firstOffset: 6 },
      { producerId: 7, firstOffset: 0 },
    ];
    const batches = [
      data(0, 7),
      marker(2, 7, "abort"),
      data(3, 7),
      marker(5, 7, "commit"),
      data(6, 7),
    ];
    expect(accepted(batches, aborted)).toEqual([false, false, true, false, false]);
  });

  it("lets all data pass where nothing was aborted", () => {
    expect(accepted([data(0, 7), marker(2, 7, "commit"), data(3)], null)).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe("control batches", () => {
  it("say how a transaction ended", () => {
    expect(decodeControlBatch(marker(5, 7, "commit"))).toEqual({
      type: "commit",
      offset: 5,
      timestamp: 99,
      coordinatorEpoch: 11,
    });
    expect(decodeControlBatch(marker(5, 7, "abort"))?.type).toBe("abort");
  });

  it("may be emptied by compaction", () => {
    expect(decodeControlBatch(new RecordBatchBuilder().build({ isControl: true }))).toBeUndefined();
  });

  it("are refused if they are data", () => {
    expect(() => decodeControlBatch(data(0))).toThrow(/a control batch was expected/);
  });
});
