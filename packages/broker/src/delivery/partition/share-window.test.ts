import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combineBatches } from "../../coordinator/share/combine-batches.ts";
import type { StateBatch } from "../../coordinator/share/share-state.ts";
import { acknowledge, acknowledgeType } from "./acknowledge.ts";
import { acquire, type AcquiredRecords } from "./acquire.ts";
import { startAt } from "./archive.ts";
import { isTerminal, recordState, type RecordState } from "./delivery.ts";
import { nextExpiryMs, releaseExpired, releaseMember } from "./release.ts";
import { SharePartitionRefusal } from "./share-partition-refusal.ts";
import { type ShareLimits, ShareWindow } from "./share-window.ts";

const limits: ShareLimits = {
  deliveryCountMax: 5,
  inFlightMax: 100,
  lockMs: 1000,
  isRenewEnabled: true,
};

/** A log of batches of so many records. */
function logOf(sizes: readonly number[]) {
  let next = 0;
  return sizes.map((size) => {
    const batch = { baseOffset: next, lastOffset: next + size - 1, isAborted: false };
    next += size;
    return batch;
  });
}

type Log = ReturnType<typeof logOf>;

/** As a fetch does it: from the batch that the next record is in. */
function take(
  window: ShareWindow,
  log: Log,
  given: {
    readonly memberId?: string;
    readonly recordsMax?: number;
    readonly batchSize?: number;
    readonly isRecordLimit?: boolean;
    readonly nowMs?: number;
    readonly limits?: ShareLimits;
  } = {},
): readonly AcquiredRecords[] {
  const fetchOffset = window.nextOffset();
  return acquire(window, {
    memberId: "m",
    recordsMax: 100,
    batchSize: 100,
    isRecordLimit: false,
    nowMs: 0,
    limits,
    ...given,
    fetchOffset,
    fetched: log.filter(({ lastOffset }) => lastOffset >= fetchOffset),
  });
}

const ranges = (acquired: readonly AcquiredRecords[]) =>
  acquired.map(({ firstOffset, lastOffset, deliveryCount }) =>
    [firstOffset, lastOffset, deliveryCount].join(" "),
  );

function say(window: ShareWindow, firstOffset: number, lastOffset: number, type: number): void {
  const batches = [{ firstOffset, lastOffset, acknowledgeTypes: [type] }];
  acknowledge(window, { memberId: "m", batches, nowMs: 0, limits }).settle(true);
}

const { accept, release, reject, renew } = acknowledgeType;

describe("records that a share group is given", () => {
  test("are whole batches, told in portions of the size that is asked for", () => {
    const window = new ShareWindow();
    const log = logOf([2, 3, 4]);
    expect(ranges(take(window, log, { recordsMax: 3, batchSize: 2 }))).toEqual(["0 1 1", "2 4 1"]);
    expect(ranges(take(window, log, { isRecordLimit: true, recordsMax: 2 }))).toEqual(["5 6 1"]);
    expect(ranges(take(window, log))).toEqual(["7 8 1"]);
    expect(take(window, log)).toEqual([]);
  });

  test("are given again when they are released, and not when they are rejected", () => {
    const window = new ShareWindow();
    const log = logOf([4]);
    take(window, log);
    say(window, 0, 0, accept);
    say(window, 1, 1, release);
    say(window, 2, 2, reject);
    expect(ranges(take(window, log))).toEqual(["1 1 2"]);
    say(window, 3, 3, accept);
    say(window, 1, 1, accept);
    expect([window.startOffset, window.endOffset, window.isEmpty]).toEqual([4, 4, true]);
  });

  test("are given again when their time is up, which a member can put off", () => {
    const window = new ShareWindow();
    const log = logOf([1, 1]);
    take(window, log, { recordsMax: 1 });
    take(window, log);
    acknowledge(window, {
      memberId: "m",
      batches: [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [renew] }],
      nowMs: 900,
      limits,
    }).settle(true);
    expect(nextExpiryMs(window)).toBe(1000);
    releaseExpired(window, 1000, limits).settle(true);
    expect(nextExpiryMs(window)).toBe(1900);
    expect(ranges(take(window, log, { memberId: "n", nowMs: 1000 }))).toEqual(["1 1 2"]);
  });

  test("come in smaller portions, and alone in the end, the more often they were given", () => {
    const window = new ShareWindow();
    const log = logOf([8]);
    const told: string[][] = [];
    for (let round = 0; round < 5; round++) {
      const taken = take(window, log);
      told.push(ranges(taken));
      for (const { firstOffset, lastOffset } of taken)
        say(window, firstOffset, lastOffset, release);
    }
    expect(told).toEqual([["0 7 1"], ["0 7 2"], ["0 7 3"], ["0 3 4"], ["0 0 5"]]);
    // The first one is given up.
    expect([window.startOffset, window.nextOffset()]).toEqual([1, 1]);
  });

  test("are not new ones while too many are on their way", () => {
    const window = new ShareWindow();
    const log = logOf([2, 2, 2]);
    const few = { ...limits, inFlightMax: 3 };
    expect(ranges(take(window, log, { limits: few }))).toEqual(["0 3 1"]);
    expect([window.canAcquire(few), take(window, log, { limits: few })]).toEqual([false, []]);
    say(window, 1, 1, release);
    expect(window.canAcquire(few)).toBe(true);
    expect(ranges(take(window, log, { limits: few }))).toEqual(["1 1 2"]);
  });

  test("of aborted transactions are left out, and do not hold up the start", () => {
    const window = new ShareWindow();
    const log = logOf([2, 2, 1]).map((batch, index) => ({ ...batch, isAborted: index === 0 }));
    expect(ranges(take(window, log))).toEqual(["2 4 1"]);
    expect(window.startOffset).toBe(2);
  });

  test("that are gone from the log are given up", () => {
    const window = new ShareWindow();
    const log = logOf([2, 2, 2]);
    take(window, log);
    say(window, 0, 3, release);
    startAt(window, 3);
    expect([window.startOffset, window.completeCount, window.nextOffset()]).toEqual([3, 0, 3]);
    // Compacted away.
    expect(ranges(take(window, log.slice(2)))).toEqual([]);
    expect(window.completeCount).toBe(1);
    say(window, 4, 5, accept);
    expect(window.startOffset).toBe(6);
  });
});

describe("an acknowledgement", () => {
  test.for([
    ["of others' records", 0, 1, "n", "Member is not the owner of batch record"],
    [
      "past what was given",
      5,
      6,
      "m",
      "Batch record not found. The first offset in request is past acquired records.",
    ],
    [
      "beyond it",
      1,
      6,
      "m",
      "Batch record not found. The last offset in request is past acquired records.",
    ],
  ] as const)("%s is refused", ([, firstOffset, lastOffset, memberId, message]) => {
    const window = new ShareWindow();
    take(window, logOf([2]));
    const batches = [{ firstOffset, lastOffset, acknowledgeTypes: [accept] }];
    const told = () => acknowledge(window, { memberId, batches, nowMs: 0, limits });
    expect(told).toThrow(message);
    expect(told).toThrow(SharePartitionRefusal);
  });

  test("is taken back whole where one record of it is refused, or it could not be kept", () => {
    const window = new ShareWindow();
    take(window, logOf([4]));
    say(window, 2, 2, accept);
    const batches = [{ firstOffset: 0, lastOffset: 3, acknowledgeTypes: [accept] }];
    const request = { memberId: "m", batches, nowMs: 0, limits };
    expect(() => acknowledge(window, request)).toThrow(/not acquired/);
    acknowledge(window, {
      ...request,
      batches: [{ firstOffset: 0, lastOffset: 1, acknowledgeTypes: [accept, release] }],
    }).settle(false);
    expect([window.startOffset, window.completeCount, window.nextOffset()]).toEqual([0, 1, 4]);
    say(window, 0, 1, accept);
    expect(window.startOffset).toBe(3);
  });
});

test("what was loaded with holes gives the records in the holes again", () => {
  const window = new ShareWindow();
  const log = logOf([10]);
  window.load(2, [
    { firstOffset: 4, lastOffset: 5, deliveryState: 2, deliveryCount: 1 },
    { firstOffset: 8, lastOffset: 8, deliveryState: 0, deliveryCount: 2 },
  ]);
  expect([window.nextOffset(), window.completeCount]).toEqual([2, 2]);
  expect(ranges(take(window, log))).toEqual(["2 3 1", "6 7 1", "8 8 3", "9 9 1"]);
});

/** Each record by itself. */
interface Naive {
  readonly state: RecordState;
  readonly count: number;
  readonly memberId: string;
  readonly lockUntilMs: number;
}

const member = fc.constantFrom("a", "b");
const step = fc.oneof(
  fc.record({
    kind: fc.constant("take" as const),
    memberId: member,
    recordsMax: fc.integer({ min: 1, max: 9 }),
    isRecordLimit: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("say" as const),
    memberId: member,
    firstOffset: fc.nat(30),
    types: fc.array(fc.constantFrom(0, 1, 2, 3, 4), { minLength: 1, maxLength: 6 }),
    isKept: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("leave" as const), memberId: member }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(400, 1100) }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

const fewLimits: ShareLimits = { ...limits, deliveryCountMax: 3 };

class Model {
  readonly #log: Log;
  #window = new ShareWindow();
  readonly #records = new Map<number, Naive>();
  /** Accepted or given up for good, over restarts. */
  readonly #done = new Set<number>();
  #kept: StateBatch[] = [];
  #keptStart = 0;
  #nowMs = 0;

  constructor(sizes: readonly number[]) {
    this.#log = logOf(sizes);
  }

  run(told: typeof step extends fc.Arbitrary<infer Step> ? Step : never): void {
    switch (told.kind) {
      case "take":
        this.#take(told.memberId, told);
        break;
      case "say":
        this.#say(told.memberId, told);
        break;
      case "leave":
        this.#keep(releaseMember(this.#window, told.memberId, fewLimits), true, ({ memberId }) =>
          memberId === told.memberId ? release : undefined,
        );
        break;
      case "wait":
        this.#nowMs += told.ms;
        this.#keep(releaseExpired(this.#window, this.#nowMs, fewLimits), true, ({ lockUntilMs }) =>
          lockUntilMs <= this.#nowMs ? release : undefined,
        );
        break;
      case "restart":
        this.#window = new ShareWindow();
        this.#window.load(this.#keptStart, this.#kept);
        this.#records.clear();
        for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of this.#kept)
          for (let offset = firstOffset; offset <= lastOffset; offset++)
            this.#records.set(offset, {
              state: deliveryState as RecordState,
              count: deliveryCount,
              memberId: "",
              lockUntilMs: 0,
            });
    }
    this.#check();
  }

  #take(memberId: string, asked: { recordsMax: number; isRecordLimit: boolean }): void {
    const taken = take(this.#window, this.#log, {
      ...asked,
      memberId,
      nowMs: this.#nowMs,
      limits: fewLimits,
    });
    for (const { firstOffset, lastOffset, deliveryCount } of taken)
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        const before = this.#records.get(offset);
        expect(before?.state ?? recordState.available, `${offset}`).toBe(recordState.available);
        expect(this.#done.has(offset), `${offset} again`).toBe(false);
        expect(deliveryCount).toBe((before?.count ?? 0) + 1);
        expect(deliveryCount).toBeLessThanOrEqual(fewLimits.deliveryCountMax);
        this.#records.set(offset, {
          state: recordState.acquired,
          count: deliveryCount,
          memberId,
          lockUntilMs: this.#nowMs + fewLimits.lockMs,
        });
      }
    // What lies in a batch with others that were taken is available, and known to be there.
    const end = this.#window.isEmpty ? this.#window.endOffset - 1 : this.#window.endOffset;
    for (let offset = this.#window.startOffset; offset <= end; offset++)
      if (!this.#records.has(offset) && this.#window.gapOffset === undefined)
        this.#records.set(offset, {
          state: recordState.available,
          count: 0,
          memberId: "",
          lockUntilMs: 0,
        });
  }

  #say(memberId: string, told: { firstOffset: number; types: readonly number[]; isKept: boolean }) {
    const { firstOffset, types: acknowledgeTypes, isKept } = told;
    const lastOffset = firstOffset + acknowledgeTypes.length - 1;
    const batches = [{ firstOffset, lastOffset, acknowledgeTypes }];
    const request = { memberId, batches, nowMs: this.#nowMs, limits: fewLimits };
    const start = this.#window.startOffset;
    const isFit = acknowledgeTypes.every((_, index) => {
      const offset = firstOffset + index;
      const record = this.#records.get(offset);
      if (offset < start) return true;
      return record?.state === recordState.acquired && record.memberId === memberId;
    });
    if (!isFit && this.#window.gapOffset === undefined) {
      expect(() => acknowledge(this.#window, request)).toThrow(SharePartitionRefusal);
      return;
    }
    if (!isFit) return;
    const change = acknowledge(this.#window, request);
    for (const [index, type] of acknowledgeTypes.entries()) {
      const record = this.#records.get(firstOffset + index);
      if (type === renew && record !== undefined && firstOffset + index >= start)
        this.#records.set(firstOffset + index, {
          ...record,
          lockUntilMs: this.#nowMs + fewLimits.lockMs,
        });
    }
    this.#keep(change, isKept, (_, offset) =>
      offset < firstOffset || offset > lastOffset || offset < start
        ? undefined
        : acknowledgeTypes[offset - firstOffset],
    );
  }

  /** What leaves goes to the log if it is kept. */
  #keep(
    change: ReturnType<typeof acknowledge>,
    isKept: boolean,
    typeOf: (record: Naive, offset: number) => number | undefined,
  ): void {
    if (isKept && !change.isEmpty) {
      this.#kept = combineBatches(this.#kept, change.stateBatches, this.#window.startOffset);
      this.#keptStart = this.#window.startOffset;
    }
    change.settle(isKept);
    if (!isKept) return;
    for (const [offset, record] of this.#records) {
      if (record.state !== recordState.acquired) continue;
      const type = typeOf(record, offset);
      if (type === undefined || type === renew) continue;
      const isSpent = record.count >= fewLimits.deliveryCountMax;
      const state =
        type === accept
          ? recordState.acknowledged
          : type === release && !isSpent
            ? recordState.available
            : recordState.archived;
      if (state !== recordState.available) this.#done.add(offset);
      this.#records.set(offset, { ...record, state, memberId: "" });
    }
  }

  #check(): void {
    const window = this.#window;
    let complete = 0;
    let firstOpen: number | undefined;
    let firstFree: number | undefined;
    const end = window.isEmpty ? window.endOffset - 1 : window.endOffset;
    for (let offset = window.startOffset; offset <= end; offset++) {
      const record = this.#records.get(offset);
      if (record === undefined) firstOpen ??= offset;
      if (record === undefined) firstFree ??= offset;
      if (record === undefined) continue;
      const delivery = window.batches[window.floorIndex(offset)].at(offset);
      expect([offset, delivery.state, delivery.count, delivery.memberId]).toEqual([
        offset,
        record.state,
        record.count,
        record.memberId,
      ]);
      if (isTerminal(record.state)) complete++;
      else firstOpen ??= offset;
      if (record.state === recordState.available) firstFree ??= offset;
    }
    expect(window.completeCount).toBe(complete);
    expect(window.startOffset).toBe(firstOpen ?? window.startOffset);
    expect(window.nextOffset()).toBe(firstFree ?? end + 1);
    for (const offset of this.#records.keys())
      if (offset < window.startOffset) this.#records.delete(offset);
  }
}

test("each record goes its way as if it were alone, whatever members say, and over restarts", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 10 }),
      fc.array(step, { maxLength: 40 }),
      (sizes, steps) => {
        const model = new Model(sizes);
        for (const one of steps) model.run(one);
      },
    ),
    { numRuns: process.env.MILLRACE_VERIFY === "1" ? 20_000 : 300 },
  );
});
