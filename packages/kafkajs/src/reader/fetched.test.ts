import { decodeUtf8 } from "@millrace/model";
import { describe, expect, test } from "vitest";

import {
  endOf,
  headersOf,
  isFetched,
  visibleMessages,
  type AbortedTransaction,
  type FetchedMessage,
} from "./fetched.ts";

interface Given {
  readonly offset: number;
  readonly producerId?: string;
  readonly inTransaction?: boolean;
  /** A control record. */
  readonly ends?: "commit" | "abort";
}

function message({
  offset,
  producerId = "-1",
  inTransaction = false,
  ends,
}: Given): FetchedMessage {
  const isControlRecord = ends !== undefined;
  return {
    offset: `${offset}`,
    timestamp: "1",
    key: isControlRecord ? Buffer.from([0, 0, 0, ends === "abort" ? 0 : 1]) : null,
    value: null,
    isControlRecord,
    batchContext: {
      firstOffset: `${offset}`,
      lastOffsetDelta: 0,
      producerId,
      inTransaction: inTransaction || isControlRecord,
    },
  };
}

function visible(
  given: readonly Given[],
  aborted: readonly AbortedTransaction[] | null,
  fromOffset = 0,
): readonly number[] {
  const fetched = {
    partition: 0,
    highWatermark: "100",
    lastStableOffset: "100",
    abortedTransactions: aborted,
    messages: given.map(message),
  };
  return visibleMessages(fetched, fromOffset).map(({ offset }) => Number(offset));
}

describe("what a fetch shows to its reader", () => {
  const written: readonly Given[] = [
    { offset: 0 },
    { offset: 1, producerId: "7", inTransaction: true },
    { offset: 2, producerId: "8", inTransaction: true },
    { offset: 3, producerId: "7", ends: "abort" },
    { offset: 4, producerId: "7", inTransaction: true },
    { offset: 5, producerId: "8", ends: "commit" },
    { offset: 6, producerId: "7", ends: "commit" },
  ];

  test("leaves out records of aborted transactions, up to their ends, and all control records", () => {
    expect(visible(written, [{ producerId: "7", firstOffset: "1" }])).toEqual([0, 2, 4]);
  });

  test("shows all records to who reads what is not committed", () => {
    expect(visible(written, null)).toEqual([0, 1, 2, 4]);
  });

  test("knows a transaction that was aborted after the fetch's beginning by its place, whatever the list's order", () => {
    const twice: readonly Given[] = [
      { offset: 0, producerId: "7", inTransaction: true },
      { offset: 1, producerId: "7", ends: "abort" },
      { offset: 2, producerId: "7", inTransaction: true },
      { offset: 3, producerId: "7", ends: "commit" },
      { offset: 4, producerId: "7", inTransaction: true },
      { offset: 5, producerId: "7", ends: "abort" },
    ];
    const aborted = ["4", "0"].map((firstOffset) => ({ producerId: "7", firstOffset }));
    expect(visible(twice, aborted)).toEqual([2]);
  });

  test("leaves alone what the same producer id wrote without a transaction", () => {
    const plain: readonly Given[] = [{ offset: 1, producerId: "7" }];
    expect(visible(plain, [{ producerId: "7", firstOffset: "1" }])).toEqual([1]);
  });

  test("begins where it was asked to, within a batch", () => {
    expect(visible(written, null, 2)).toEqual([2, 4]);
  });
});

test("the end of a fetch is that of its last batch, also where compaction has taken the last records", () => {
  const last = message({ offset: 10 });
  const messages = [{ ...last, batchContext: { ...last.batchContext, lastOffsetDelta: 5 } }];
  const fetched = { partition: 0, highWatermark: "50", lastStableOffset: "50" };
  const abortedTransactions = null;
  expect(endOf({ ...fetched, abortedTransactions, messages: [last] })).toBe(11);
  expect(endOf({ ...fetched, abortedTransactions, messages: [] })).toBeUndefined();
  const compacted = { ...messages[0].batchContext, firstOffset: "10", producerId: "-1" };
  const record = { ...last, batchContext: { ...compacted, inTransaction: false } };
  expect(endOf({ ...fetched, abortedTransactions, messages: [record] })).toBe(16);
});

test("headers come as pairs: several of one name, texts, and those without a value", () => {
  const record = message({ offset: 0 });
  const headers = { a: [Buffer.from("1"), Buffer.from("2")], b: "text", c: undefined };
  const pairs = headersOf({ ...record, headers }).map(([name, value]) => [
    name,
    value === null ? null : decodeUtf8(value),
  ]);
  expect(pairs).toEqual([
    ["a", "1"],
    ["a", "2"],
    ["b", "text"],
    ["c", null],
  ]);
});

test("an answer of another shape is known as none of kafkajs's", () => {
  expect(isFetched({ responses: [{ topicName: "t", partitions: [] }] })).toBe(true);
  for (const other of [undefined, {}, { responses: {} }, { responses: [{ topic: "t" }] }])
    expect(isFetched(other)).toBe(false);
});
