import { describe, expect, test } from "vitest";

import {
  LatestRecord,
  RecordBuffer,
  type Counted,
  type WaitingRecords,
} from "./waiting-records.ts";

interface Numbered extends Counted {
  readonly number: number;
}

/** What a subscriber should see, told from what was put, settled and taken. */
class Expected {
  readonly #sizeMax: number;
  #ready: number[] = [];
  #pending: number[] = [];
  /** Every number that was settled, in order, also those that were left out. */
  readonly #settled: number[] = [];
  #offered: number[] = [];
  #lastTaken = -1;
  dropped = 0;
  #droppedPending = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  offer(number: number): void {
    this.#offered.push(number);
    const isLatestAlone = this.#sizeMax === 1;
    if (isLatestAlone) {
      this.#droppedPending += this.#pending.length;
      this.#pending = [number];
    } else if (this.#ready.length + this.#pending.length < this.#sizeMax) {
      this.#pending.push(number);
    } else this.#droppedPending += 1;
  }

  settle(): void {
    this.#settled.push(...this.#offered);
    this.#offered = [];
    this.dropped += this.#droppedPending;
    this.#droppedPending = 0;
    if (this.#sizeMax === 1 && this.#pending.length > 0) {
      this.dropped += this.#ready.length;
      this.#ready = [];
    }
    this.#ready.push(...this.#pending);
    this.#pending = [];
  }

  discard(): void {
    this.#offered = [];
    this.#pending = [];
    this.#droppedPending = 0;
  }

  take(): { number: number; missed: number } | undefined {
    const number = this.#ready.shift();
    if (number === undefined) return undefined;
    const missed = this.#settled.filter((one) => one > this.#lastTaken && one < number).length;
    this.#lastTaken = number;
    return { number, missed };
  }
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe.each([
  ["a buffer of 2", 2, () => new RecordBuffer<Numbered>(2)],
  ["a buffer of 5", 5, () => new RecordBuffer<Numbered>(5)],
  ["a buffer without end", Infinity, () => new RecordBuffer<Numbered>(Infinity)],
  ["the latest", 1, () => new LatestRecord<Numbered>()],
] as const)("%s", (_name, sizeMax, make: () => WaitingRecords<Numbered>) => {
  test("gives what was settled, in order, and counts what was left out", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const next = random(seed);
      const waiting = make();
      const expected = new Expected(sizeMax);
      let dropped = 0;
      for (let number = 0; number < 200; number++) {
        if (waiting.makeRoom()) waiting.put({ number, missed: 0 });
        expected.offer(number);
        if (next() < 0.4) {
          waiting.settle();
          expected.settle();
        } else if (next() < 0.2) {
          waiting.discard();
          expected.discard();
        }
        if (next() < 0.6) expect(waiting.take(), `seed ${seed}`).toEqual(expected.take());
        dropped += waiting.takeDropped();
        expect(dropped, `seed ${seed}`).toBe(expected.dropped);
      }
    }
  });
});

test("a buffer forgets what was taken", () => {
  const buffer = new RecordBuffer<Numbered>(10);
  for (let number = 0; number < 100_000; number++) {
    if (buffer.makeRoom()) buffer.put({ number, missed: 0 });
    buffer.settle();
    expect(buffer.take()?.number).toBe(number);
  }
  expect([buffer.size, buffer.takeDropped()]).toEqual([0, 0]);
});
