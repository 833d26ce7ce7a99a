import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogRequestError } from "./log-error.ts";
import type { PartitionLog } from "./partition-log.ts";
import { batchOf, batchesIn, markerOf } from "../test-support/batches.ts";
import { changeFile, openTestLog, testPath, testPlatform } from "../test-support/open-test-log.ts";

const config = {
  segmentBytes: 900,
  indexIntervalBytes: 200,
  recordIntervalBytes: 400,
  tailCacheBytes: 2_000,
  transactionVerificationEnabled: false,
};

/** A log as arrays. */
class Model {
  batches: { base: number; count: number; timestamp: number }[] = [];
  sequences = new Map<number, { next: number; openedAt: number }>();
  aborted: { producerId: number; firstOffset: number; lastOffset: number }[] = [];

  get end(): number {
    const last = this.batches.at(-1);
    return last === undefined ? 0 : last.base + last.count;
  }

  add(count: number, timestamp: number): void {
    this.batches.push({ base: this.end, count, timestamp });
  }

  get firstOpen(): number {
    const open = [...this.sequences.values()].filter((state) => state.openedAt >= 0);
    return Math.min(this.end, ...open.map((state) => state.openedAt));
  }
}

type Step =
  | { kind: "plain"; count: number; timestamp: number }
  | { kind: "data"; producerId: number; count: number; isRetried: boolean; isGap: boolean }
  | { kind: "end"; producerId: number; isCommit: boolean }
  | { kind: "read"; at: number; maxBytes: number }
  | { kind: "time"; timestamp: number }
  | { kind: "restart"; how: "kill" | "close" | "torn" | "no caches"; bytes: number };

const producerId = fc.integer({ min: 1, max: 3 });
const count = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("plain" as const),
    count,
    timestamp: fc.integer({ min: 1000, max: 1100 }),
  }),
  fc.record({
    kind: fc.constant("data" as const),
    producerId,
    count,
    isRetried: fc.boolean(),
    isGap: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("end" as const), producerId, isCommit: fc.boolean() }),
  fc.record({
    kind: fc.constant("read" as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    maxBytes: fc.integer({ min: 1, max: 600 }),
  }),
  fc.record({ kind: fc.constant("time" as const), timestamp: fc.integer({ min: 990, max: 1110 }) }),
  fc.record({
    kind: fc.constant("restart" as const),
    how: fc.constantFrom("kill" as const, "close" as const, "torn" as const, "no caches" as const),
    bytes: fc.integer({ min: 1, max: 60 }),
  }),
);

function appendData(log: PartitionLog, model: Model, data: Step & { kind: "data" }): void {
  const state = model.sequences.get(data.producerId) ?? { next: 0, openedAt: -1 };
  const batch = () =>
    batchOf({
      producerId: data.producerId,
      producerEpoch: 0,
      baseSequence: state.next,
      values: Array(data.count).fill("v"),
      isTransactional: true,
    });
  const base = model.end;
  expect(log.append(batch(), { origin: "client" })).toMatchObject({ baseOffset: base });
  model.add(data.count, 1000);
  if (data.isRetried)
    expect(log.append(batch(), { origin: "client" })).toMatchObject({
      isDuplicate: true,
      baseOffset: base,
    });
  const openedAt = state.openedAt < 0 ? base : state.openedAt;
  model.sequences.set(data.producerId, { next: state.next + data.count, openedAt });
  if (!data.isGap) return;
  const gap = batchOf({
    producerId: data.producerId,
    producerEpoch: 0,
    baseSequence: state.next + 99,
  });
  expect(() => log.append(gap, { origin: "client" })).toThrow(LogRequestError);
}

function endTransaction(log: PartitionLog, model: Model, end: Step & { kind: "end" }): void {
  const offset = model.end;
  log.append(markerOf(end.isCommit ? "commit" : "abort", end.producerId, 0), {
    origin: "coordinator",
  });
  model.add(1, 5000);
  const state = model.sequences.get(end.producerId) ?? { next: 0, openedAt: -1 };
  if (state.openedAt >= 0 && !end.isCommit)
    model.aborted.push({
      producerId: end.producerId,
      firstOffset: state.openedAt,
      lastOffset: offset,
    });
  model.sequences.set(end.producerId, { ...state, openedAt: -1 });
}

function checkRead(log: PartitionLog, model: Model, read: Step & { kind: "read" }): void {
  const offset = Math.floor(read.at * model.end);
  if (offset === model.end) return;
  const slice = log.read(offset, { maxBytes: read.maxBytes, upTo: model.end, minOneBatch: true });
  const from = model.batches.findIndex((batch) => batch.base + batch.count > offset);
  const expected = model.batches.slice(from, from + batchesIn(slice).length);
  expect(batchesIn(slice)).toEqual(expected.map((batch) => [batch.base, batch.count]));
  expect(slice.parts.length).toBeGreaterThan(0);
  expect(slice.sizeBytes <= read.maxBytes || expected.length === 1).toBe(true);
}

function checkTime(log: PartitionLog, model: Model, timestamp: number): void {
  const batch = model.batches.find((each) => each.timestamp + each.count - 1 >= timestamp);
  const offset = batch && batch.base + Math.max(0, timestamp - batch.timestamp);
  expect(log.offsetForTimestamp(timestamp)?.offset).toBe(offset);
}

function checkAll(log: PartitionLog, model: Model): void {
  expect(log.logEndOffset).toBe(model.end);
  log.advanceHighWatermark(model.end);
  expect(log.lastStableOffset).toBe(model.firstOpen);
  const aborted = model.aborted.map(({ producerId: id, firstOffset }) => ({
    producerId: id,
    firstOffset,
  }));
  expect(log.abortedTransactions(0, model.end)).toEqual(aborted);
}

describe("PartitionLog", () => {
  it("is a list of batches, through restarts, torn tails and lost caches (LOG-1, LOG-2, LOG-4)", async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const platform = testPlatform();
      const { fileSystem } = platform;
      const model = new Model();
      let log = await openTestLog(platform, config);
      for (const each of steps) {
        if (each.kind === "plain") {
          const values = Array(each.count).fill("v");
          log.append(batchOf({ values, timestamp: each.timestamp }), { origin: "client" });
          model.add(each.count, each.timestamp);
        } else if (each.kind === "data") appendData(log, model, each);
        else if (each.kind === "end") endTransaction(log, model, each);
        else if (each.kind === "read") checkRead(log, model, each);
        else if (each.kind === "time") checkTime(log, model, each.timestamp);
        else {
          const isClosed = each.how === "close";
          if (isClosed) await log.close();
          const names = fileSystem.list(testPath);
          const active = names.findLast((name) => name.endsWith(".log")) ?? "";
          if (each.how === "torn")
            changeFile(platform, `${testPath}/${active}`, (bytes) =>
              Buffer.concat([bytes, batchOf().subarray(0, each.bytes)]),
            );
          if (each.how === "no caches")
            for (const name of names)
              if (!name.endsWith(".log")) fileSystem.remove(`${testPath}/${name}`);
          const recoveryPoint = isClosed ? model.end : 0;
          log = await openTestLog(platform, config, { wasCleanlyClosed: isClosed, recoveryPoint });
          expect(log.recovery.wasClean).toBe(isClosed);
          expect(log.damage).toBeUndefined();
        }
        checkAll(log, model);
      }
    });
    await fc.assert(property, { numRuns: Number(process.env["LOG_RUNS"] ?? 150) });
  });

  it("never serves a flipped byte as sound: what it reads is what was written, or an error", async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 2, max: 12 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.integer({ min: 1, max: 255 }),
      async (batchCount, at, mask) => {
        const platform = testPlatform();
        const single = { ...config, segmentBytes: 100_000 };
        const written = await openTestLog(platform, single);
        for (let index = 0; index < batchCount; index++)
          written.append(batchOf({ values: [`value ${index}`] }), { origin: "client" });
        const { parts } = written.read(0, { maxBytes: 100_000, upTo: batchCount });
        const before = Buffer.concat(parts);
        const position = Math.floor(at * before.length);
        changeFile(platform, `${testPath}/00000000000000000000.log`, (bytes) => {
          bytes[position] ^= mask;
          return bytes;
        });
        const log = await openTestLog(platform, single, { recoveryPoint: batchCount });
        const sound = Math.floor((position / before.length) * batchCount);
        expect(log.damage).toMatchObject({ firstOffset: sound });
        if (sound === 0) return;
        const slice = log.read(0, { maxBytes: 100_000, upTo: batchCount });
        expect(Buffer.concat(slice.parts)).toEqual(before.subarray(0, slice.sizeBytes));
        expect(slice.nextOffset).toBe(sound);
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });

  it("never cuts good batches off because of a flipped byte in front of them", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 2, maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.integer({ min: 1, max: 255 }),
      async (sizes, at, mask) => {
        const platform = testPlatform();
        const single = { ...config, segmentBytes: 100_000 };
        const written = await openTestLog(platform, single);
        const batch = (size: number, index: number) =>
          batchOf({
            values: ["x".repeat(size)],
            producerId: 0,
            producerEpoch: 0,
            baseSequence: index,
          });
        sizes.forEach((size, index) => written.append(batch(size, index), { origin: "client" }));
        const lastBytes = batch(sizes[sizes.length - 1], 0).length;
        const position = Math.floor(at * (written.sizeBytes - lastBytes));
        const path = `${testPath}/00000000000000000000.log`;
        changeFile(platform, path, (bytes) => {
          bytes[position] ^= mask;
          return bytes;
        });
        const log = await openTestLog(platform, single);
        expect(log.recovery.cutTail).toBeUndefined();
        if (log.damage === undefined) expect(log.logEndOffset).toBe(sizes.length);
        else expect(log.damage.lastOffset).toBe(sizes.length - 1);
      },
    );
    await fc.assert(property, { numRuns: Number(process.env["LOG_RUNS"] ?? 150) });
  });
});
