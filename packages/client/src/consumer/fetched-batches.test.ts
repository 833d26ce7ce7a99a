import { concatBytes } from "@millrace/model";
import { encodeEndTransactionMarker, readLastOffset, updateCrc } from "@millrace/protocol/records";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { batch, fetchedRow } from "../../test-support/play-fetches.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { queueFetched } from "./fetched-batches.ts";
import { HeldBytes } from "./held-bytes.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";

interface Written {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
  /** Of records that a reader of committed ones is given. */
  offsets: readonly number[];
}

interface Aborted {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

interface Log {
  readonly batches: readonly Written[];
  readonly aborted: readonly Aborted[];
  readonly endOffset: number;
}

/** What producer 0 writes is in no transaction; without records a transaction ends. */
interface Step {
  readonly producerId: number;
  readonly recordCount: number;
  readonly isAbort: boolean;
  /** Offsets at the end of the batch of which compaction has left nothing. */
  readonly gap: number;
}

const steps = fc.array(
  fc.record({
    producerId: fc.integer({ min: 0, max: 2 }),
    recordCount: fc.integer({ min: 0, max: 3 }),
    isAbort: fc.boolean(),
    gap: fc.integer({ min: 0, max: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
);

function write(all: readonly Step[]): Log {
  const batches: Written[] = [];
  const aborted: Aborted[] = [];
  const open = new Map<number, Written[]>();
  let endOffset = 0;
  const end = (producerId: number, isAbort: boolean): void => {
    const own = open.get(producerId);
    if (own === undefined) return;
    open.delete(producerId);
    const bytes = encodeEndTransactionMarker({
      outcome: isAbort ? "abort" : "commit",
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestamp: 0,
      baseOffset: endOffset,
    });
    batches.push({ bytes, baseOffset: endOffset, offsets: [] });
    if (isAbort) {
      for (const one of own) one.offsets = [];
      aborted.push({ producerId, firstOffset: own[0].baseOffset, lastOffset: endOffset });
    }
    endOffset += 1;
  };
  for (const { producerId, recordCount, isAbort, gap } of all) {
    if (recordCount === 0) {
      end(producerId, isAbort);
      continue;
    }
    const values = Array.from({ length: recordCount }, (_, index) => `${index}`);
    const bytes = batch(endOffset, values, producerId === 0 ? -1 : producerId);
    bytes[26] += gap;
    updateCrc(bytes, 0);
    const offsets = values.map((_, index) => endOffset + index);
    const written = { bytes, baseOffset: endOffset, offsets };
    batches.push(written);
    if (producerId > 0) open.set(producerId, [...(open.get(producerId) ?? []), written]);
    endOffset += recordCount + gap;
  }
  for (const producerId of open.keys()) end(producerId, true);
  return { batches, aborted, endOffset };
}

interface Broker {
  /**
   * Which batch has an offset: the first one whose header claims to reach it, or the last one that begins at or before it
   * (Kafka before 4.1, and since). The first kind gives one with a damaged end again and again, with what follows it.
   */
  readonly goesBy: "last offset" | "base offset";
  /** Batches of an answer. */
  readonly wholeCount: number;
  /** Of the batch behind them. */
  readonly cutBytes: number;
}

function answer({ batches, aborted }: Log, asked: number, broker: Broker) {
  const { goesBy, cutBytes } = broker;
  const first = batches.findIndex(({ bytes }, index) => {
    const isPast = (batches[index + 1]?.baseOffset ?? Infinity) <= asked;
    return readLastOffset(bytes, 0) >= asked && !(goesBy === "base offset" && isPast);
  });
  if (first < 0) return undefined;
  const wholeCount = goesBy === "base offset" ? broker.wholeCount : batches.length;
  const whole = batches.slice(first, first + wholeCount);
  const cut = batches[first + wholeCount]?.bytes.subarray(0, cutBytes) ?? new Uint8Array(0);
  const row = {
    ...fetchedRow,
    records: concatBytes(...whole.map(({ bytes }) => bytes), cut),
    abortedTransactions: aborted.filter(({ lastOffset }) => lastOffset >= asked),
  };
  return { row, whole };
}

/** What a reader is given that goes on behind whatever it is told. */
function read(log: Log, broker: Broker) {
  const held = new HeldBytes();
  const assigned = new AssignedPartition({ topic: "t", partition: 0, offset: 0 }, held);
  const given: number[] = [];
  const sent = new Set<Written>();
  let told = 0;
  while (assigned.fetchOffset < log.endOffset) {
    const answered = answer(log, assigned.fetchOffset, broker);
    if (answered === undefined) break;
    for (const one of answered.whole) sent.add(one);
    const before = assigned.fetchOffset;
    queueFetched(assigned, answered.row, {
      isCommitted: true,
      codecs: undefined,
      checkCrcs: true,
      onFreed: () => {},
    });
    expect(assigned.fetchOffset).toBeGreaterThan(before);
    for (const one of assigned.fetched.splice(0)) {
      try {
        while (one.next()) given.push(one.offset);
      } catch {
        told += 1;
      }
      one.release();
    }
  }
  expect(held.sizeBytes).toBe(0);
  return { given, told, sent };
}

/** Of a batch; what lies before is in no checksum. */
const sizeStart = 8;

test("CLIENT-2: whatever bit of a batch is flipped, all others are given, each record once, and it is told", () => {
  const story = fc.record({
    all: steps,
    broker: fc.record<Broker>({
      goesBy: fc.constantFrom("last offset", "base offset"),
      wholeCount: fc.integer({ min: 1, max: 5 }),
      cutBytes: fc.integer({ min: 0, max: 80 }),
    }),
    index: fc.nat(),
    at: fc.nat(),
    bit: fc.integer({ min: 0, max: 7 }),
  });
  fc.assert(
    fc.property(story, ({ all, broker, index, at, bit }) => {
      const log = write(all);
      fc.pre(log.batches.length > 0);
      const sound = log.batches.flatMap(({ offsets }) => offsets);
      expect(read(log, broker)).toMatchObject({ given: sound, told: 0 });
      const flipped = log.batches[index % log.batches.length];
      const position = sizeStart + (at % (flipped.bytes.length - sizeStart));
      flipped.bytes[position] ^= 1 << bit;
      // The epoch of its leader is in no checksum either.
      if (position >= 12 && position < 16) return;
      const lost = new Set(flipped.offsets);
      const { given, told, sent } = read(log, broker);
      expect(given).toEqual(sound.filter((offset) => !lost.has(offset)));
      // A broker may pass over one whose header claims to end before it begins.
      if (sent.has(flipped)) expect(told).toBeGreaterThan(0);
    }),
    { numRuns: isVerify ? 20_000 : 500 },
  );
});
