import { UnreadableBatchError } from "@millrace/cluster";
import { noHeaders, type RecordBatchView } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { BatchesAtHand } from "./batches-at-hand.ts";
import { RecordDecoder, type DeserializationPolicy } from "./record-decoder.ts";

const partition = { topic: "t", partition: 0 };
const raw = Uint8Array.of(1, 2);

/** A batch of records; where it is damaged, nothing of it can be read but the records before. */
function batchOf(fromOffset: number, count: number, damagedAt?: number): RecordBatchView {
  let offset = fromOffset - 1;
  const nextOffset = fromOffset + count;
  return {
    ...partition,
    nextOffset,
    sizeBytes: 100,
    get remaining() {
      return damagedAt === undefined ? nextOffset - 1 - offset : 0;
    },
    next: () => {
      if (offset + 1 === damagedAt)
        throw new UnreadableBatchError(
          partition,
          { offset: damagedAt, nextOffset, bytes: raw },
          new Error("torn"),
        );
      offset += 1;
      return offset < nextOffset;
    },
    get offset() {
      return offset;
    },
    timestamp: 0,
    key: null,
    value: new Uint8Array(0),
    headers: noHeaders,
    release: () => {},
  };
}

function handOf(policy: DeserializationPolicy): {
  readonly hand: BatchesAtHand<Uint8Array, Uint8Array>;
  readonly done: number[];
  readonly next: () => number | undefined;
} {
  const { logger } = memoryPlatform();
  const decoder = new RecordDecoder<Uint8Array, Uint8Array>(logger, {
    onDeserializationError: policy,
  });
  const bounds = {
    clock: { monotonicMs: () => 0 },
    timers: { after: () => ({ cancel: () => {} }) },
    wake: () => {},
    timeoutMs: 1000,
  };
  const hand = new BatchesAtHand(decoder, bounds, () => {});
  const done: number[] = [];
  const next = (): number | undefined =>
    hand.next((_, nextOffset) => done.push(nextOffset))?.offset;
  return { hand, done, next };
}

test("a batch that cannot be read is still to come: what was given before it is no end", () => {
  const { hand, next } = handOf("fail");
  hand.add([batchOf(0, 1), batchOf(1, 3, 1)]);
  expect(next()).toBe(0);
  expect(hand.hasMoreOf(partition)).toBe(true);
  expect(next).toThrow(UnreadableBatchError);
});

test("behind the last record of what is at hand nothing is to come", () => {
  const { hand, next } = handOf("fail");
  hand.add([batchOf(0, 2), { ...batchOf(0, 1), partition: 1 }]);
  expect(next()).toBe(0);
  expect(hand.hasMoreOf(partition)).toBe(true);
  expect(next()).toBe(1);
  expect(hand.hasMoreOf(partition)).toBe(false);
});

test("a batch that cannot be read on is met again, and is not done", () => {
  const { hand, done, next } = handOf("fail");
  hand.add([batchOf(0, 3, 1)]);
  expect(next()).toBe(0);
  expect(next).toThrow("from offset 1");
  expect(next).toThrow("from offset 1");
  expect(done).toEqual([1]);
});

test("what cannot be read of a batch is left out by option, and done with that", () => {
  const { hand, done, next } = handOf("skip");
  hand.add([batchOf(0, 3, 1), batchOf(3, 1)]);
  expect(next()).toBe(0);
  expect(next()).toBe(3);
  expect(done).toEqual([1, 3]);
});

test("a function decides about a batch that cannot be read, and sees its bytes", () => {
  const told: unknown[] = [];
  const { hand, next } = handOf((error, record) => {
    told.push(error.code, record);
    return "skip";
  });
  hand.add([batchOf(0, 3, 1), batchOf(3, 1)]);
  next();
  expect(next()).toBe(3);
  expect(told).toEqual([
    "BATCH_UNREADABLE",
    { ...partition, offset: 1, timestamp: -1, key: null, value: raw, headers: noHeaders },
  ]);
});
