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
  readonly leaderEpoch: number;
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
  /** Another leader writes from it on. */
  readonly isLedAnew: boolean;
}

const steps = fc.array(
  fc.record({
    producerId: fc.integer({ min: 0, max: 2 }),
    recordCount: fc.integer({ min: 0, max: 3 }),
    isAbort: fc.boolean(),
    gap: fc.integer({ min: 0, max: 2 }),
    isLedAnew: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

function write(all: readonly Step[]): Log {
  const batches: Written[] = [];
  const aborted: Aborted[] = [];
  const open = new Map<number, Written[]>();
  let endOffset = 0;
  let leaderEpoch = 0;
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
      partitionLeaderEpoch: leaderEpoch,
    });
    batches.push({ bytes, baseOffset: endOffset, leaderEpoch, offsets: [] });
    if (isAbort) {
      for (const one of own) one.offsets = [];
      aborted.push({ producerId, firstOffset: own[0].baseOffset, lastOffset: endOffset });
    }
    endOffset += 1;
  };
  for (const { producerId, recordCount, isAbort, gap, isLedAnew } of all) {
    if (isLedAnew) leaderEpoch += 1;
    if (recordCount === 0) {
      end(producerId, isAbort);
      continue;
    }
    const values = Array.from({ length: recordCount }, (_, index) => `${index}`);
    const bytes = batch(endOffset, values, producerId === 0 ? -1 : producerId);
    bytes.set([0, 0, 0, leaderEpoch], 12);
    bytes[26] += gap;
    updateCrc(bytes, 0);
    const offsets = values.map((_, index) => endOffset + index);
    const written = { bytes, baseOffset: endOffset, leaderEpoch, offsets };
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

function answer({ batches, aborted, endOffset }: Log, asked: number, broker: Broker) {
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
    highWatermark: endOffset,
    records: concatBytes(...whole.map(({ bytes }) => bytes), cut),
    abortedTransactions: aborted.filter(({ lastOffset }) => lastOffset >= asked),
  };
  return { row, whole };
}

/** Of an epoch, or else of all. */
function endOfEpoch({ batches, endOffset }: Log, epoch: number): number {
  if (epoch < 0) return endOffset;
  return batches.find(({ leaderEpoch }) => leaderEpoch > epoch)?.baseOffset ?? endOffset;
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
    // Else a broker takes the reader's history for another one.
    expect(assigned.fetchOffset).toBeLessThanOrEqual(endOfEpoch(log, assigned.lastEpoch));
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

/** Bytes of a batch that are in no checksum, besides its size and magic: those of its offset and of its leader's epoch. */
const isUnchecked = (position: number): boolean =>
  position < 8 || (position >= 12 && position < 16);

test("CLIENT-2: whatever bits of batches are flipped, all others are given, each record once, and it is told", () => {
  const story = fc.record({
    all: steps,
    broker: fc.record<Broker>({
      goesBy: fc.constantFrom("last offset", "base offset"),
      wholeCount: fc.integer({ min: 1, max: 5 }),
      cutBytes: fc.integer({ min: 0, max: 80 }),
    }),
    flips: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 7 })), {
      minLength: 1,
      maxLength: 2,
    }),
  });
  fc.assert(
    fc.property(story, ({ all, broker, flips }) => {
      const log = write(all);
      fc.pre(log.batches.length > 0);
      const sound = log.batches.flatMap(({ offsets }) => offsets);
      expect(read(log, broker)).toMatchObject({ given: sound, told: 0 });
      const flipped = new Set<Written>();
      // Behind two that are damaged a broker of the first kind may not get.
      const few = broker.goesBy === "last offset" ? flips.slice(0, 1) : flips;
      for (const [index, at, bit] of few) {
        const one = log.batches[index % log.batches.length];
        const position = at % one.bytes.length;
        if (isUnchecked(position) || flipped.has(one)) continue;
        one.bytes[position] ^= 1 << bit;
        flipped.add(one);
      }
      const lost = new Set([...flipped].flatMap(({ offsets }) => offsets));
      const { given, told, sent } = read(log, broker);
      expect(given).toEqual(sound.filter((offset) => !lost.has(offset)));
      // A broker may pass over one whose header claims to end before it begins.
      if ([...flipped].some((one) => sent.has(one))) expect(told).toBeGreaterThan(0);
    }),
    { numRuns: isVerify ? 20_000 : 500 },
  );
});
