import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { fromStream, type BackPressure, type ObservedRecord } from "@millrace/rxjs";
import { json, string } from "@millrace/serde";
import { StreamsBuilder, type StreamsApp } from "@millrace/streams";
import { defer, map, retry, timer, type Observable } from "rxjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { TestWorld } from "../integration/world/test-world.ts";

/** A subscriber a thousand times slower than the stream: whose loss it is. */
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
/** In all a minute for each policy, in turns with runs that nobody watches. */
const rounds = isVerify ? 6 : 2;
const runMs = isVerify ? 10_000 : 400;
/**
 * Of the lowest rate that runs without a subscriber had: theirs differ by a third on a busy machine, short ones by more. An
 * application that waited would have a thousandth.
 */
const leastShare = isVerify ? 0.9 : 0.3;
const heapGrowthBytesMax = 30 * 2 ** 20;
const timesSlower = 1000;
const bound = 1000;
const valuesPerInput = 10;

interface Reading {
  readonly sensor: string;
  readonly value: number;
}

type Watched = Observable<ObservedRecord<unknown, Reading>>;

let world: TestWorld;
let app: StreamsApp;
let watch: (backPressure: BackPressure, delayMs: number) => Watched;
/** Records that came to the place that is watched. */
let processed = 0;
let produced = 0;

beforeAll(async () => {
  world = await TestWorld.start({ lines: 4 });
  const builder = new StreamsBuilder();
  const readings = builder
    .stream("lines", { value: json<Reading>() })
    .flatMapValues((reading) =>
      Array.from({ length: valuesPerInput }, (_, index) => ({
        sensor: `${reading.sensor}-${index}`,
        value: reading.value + index,
      })),
    )
    .peek(() => {
      processed += 1;
    });
  readings
    .groupBy((reading) => reading.sensor, { key: string(), value: json<Reading>() })
    .aggregate<Reading>(
      () => ({ sensor: "", value: 0 }),
      (highest, reading) => (reading.value > highest.value ? reading : highest),
      { store: { name: "highest", engine: "memory" }, value: json<Reading>() },
    );
  app = await world.app(builder.build(), {
    commitInterval: 50,
    // A transaction that is lost would have records processed twice, which is no matter here.
    sessionTimeout: "1m",
    transactionTimeout: "1m",
  });
  watch = (backPressure, delayMs) =>
    fromStream(app, readings, {
      backPressure,
      ...(backPressure !== "sample" && { bound }),
      project: (record) => timer(delayMs).pipe(map(() => record)),
    });
  await load(500); // warm
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const lines = Array.from({ length: 500 }, (_, index) =>
  JSON.stringify({ sensor: `sensor-${index % 50}`, value: index }),
);

/** Keeps the application busy for so long; gives how many records it processed in a second of the processor's time. */
async function load(ms: number): Promise<number> {
  collectGarbage();
  const endMs = performance.now() + ms;
  const first = processed;
  const before = process.cpuUsage();
  while (performance.now() < endMs) {
    if (processed >= (produced - 2 * lines.length) * valuesPerInput) {
      await world.produce("lines", lines);
      produced += lines.length;
    } else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { user, system } = process.cpuUsage(before);
  return ((processed - first) * 1e6) / (user + system);
}

/** Waits until all is processed and committed. */
async function settle(): Promise<void> {
  const committed = async (): Promise<number> => {
    const offsets = await world.client.admin.groupOffsets("app");
    return offsets.reduce((sum, { topic, offset }) => sum + (topic === "lines" ? offset : 0), 0);
  };
  await expect.poll(committed, { timeout: 30_000, interval: 20 }).toBe(produced);
}

const droppedOf = (): number =>
  app.metrics().find(({ name }) => name === "tap-records-dropped-total")?.value ?? 0;

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

interface Outcome {
  readonly rate: number;
  readonly heapBytes: number;
}

/** One run with a subscriber, from an idle application to an idle application. */
async function watched(
  source: (delayMs: number) => Observable<ObservedRecord<unknown, Reading>>,
  delayMs: number,
  check: (given: readonly ObservedRecord<unknown, Reading>[], offered: number) => void,
): Promise<Outcome> {
  await settle();
  const first = processed;
  const given: ObservedRecord<unknown, Reading>[] = [];
  const subscription = source(delayMs).subscribe((record) => given.push(record));
  try {
    const rate = await load(runMs);
    await settle();
    check(given, processed - first);
    return { rate, heapBytes: heapBytes() };
  } finally {
    subscription.unsubscribe();
  }
}

/** Runs with a subscriber and without one, in turns. */
async function compare(
  source: (delayMs: number) => Watched,
  check: (given: readonly ObservedRecord<unknown, Reading>[], offered: number) => void,
): Promise<void> {
  const without: number[] = [];
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round++) {
    await settle();
    const startMs = performance.now();
    const first = processed;
    without.push(await load(runMs));
    const perSecond = ((processed - first) * 1000) / (performance.now() - startMs);
    outcomes.push(await watched(source, (timesSlower * 1000) / perSecond, check));
  }
  const rates = outcomes.map(({ rate }) => rate);
  expect(
    median(rates) / Math.min(...without),
    `${rates.map(Math.round).join()} beside ${without.map(Math.round).join()} records in a second`,
  ).toBeGreaterThan(leastShare);
  const [begin, end] = [outcomes[0], outcomes[rounds - 1]];
  expect(end.heapBytes - begin.heapBytes).toBeLessThan(heapGrowthBytesMax);
}

const timeout = 60_000 + rounds * runMs * 4;

describe("a subscriber a thousand times slower than the stream does not slow the application", () => {
  test("with buffer: it ends in an error, also where it comes again each time", { timeout }, () => {
    let ends = 0;
    return compare(
      (delayMs) =>
        defer(() => watch("buffer", delayMs)).pipe(
          retry({
            delay: (error: { readonly code: string }) => {
              expect(error.code).toBe("SUBSCRIBER_TOO_SLOW");
              ends += 1;
              return timer(0);
            },
          }),
        ),
      (given, offered) => {
        expect(ends).toBeGreaterThan(0);
        expect(given.every(({ missed }) => missed === 0)).toBe(true);
        expect(given.length).toBeLessThan(offered / 10);
        ends = 0;
      },
    );
  });

  test("with drop: it is told what it missed", { timeout }, () => {
    let dropped = 0;
    return compare(
      (delayMs) => {
        dropped = droppedOf();
        return watch("drop", delayMs);
      },
      (given, offered) => {
        const left = droppedOf() - dropped;
        const waiting = offered - left - given.length; // one of them is at work
        expect(waiting).toBeGreaterThanOrEqual(1);
        expect(waiting).toBeLessThanOrEqual(bound + 1);
        expect(left).toBeGreaterThan(offered / 2);
        expect(given.reduce((sum, { missed }) => sum + missed, 0)).toBeLessThanOrEqual(left);
      },
    );
  });

  test("with sample: it has the latest, and is told how many it missed", { timeout }, () => {
    let dropped = 0;
    return compare(
      (delayMs) => {
        dropped = droppedOf();
        return watch("sample", delayMs);
      },
      (given, offered) => {
        const left = droppedOf() - dropped;
        const waiting = offered - left - given.length;
        expect(waiting).toBeGreaterThanOrEqual(0);
        expect(waiting).toBeLessThanOrEqual(2);
        const missed = given.reduce((sum, record) => sum + record.missed, 0);
        expect(left - missed).toBeGreaterThanOrEqual(0);
      },
    );
  });
});

test(
  "with block, by choice, the application goes as fast as the subscriber",
  { timeout },
  async () => {
    await settle();
    const first = processed;
    let given = 0;
    const subscription = watch("block", 1).subscribe(({ missed }) => {
      expect(missed).toBe(0);
      given += 1;
    });
    const heapBefore = heapBytes();
    const endMs = performance.now() + runMs * (isVerify ? 6 : 2);
    while (performance.now() < endMs) {
      if (produced * valuesPerInput < processed + 20 * bound) {
        await world.produce("lines", lines);
        produced += lines.length;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      // What one turn of a task makes comes on top of the bound.
      expect(processed - first - given).toBeLessThan(bound + 16 * valuesPerInput + 10);
    }
    expect(given).toBeGreaterThan(0);
    expect(processed).toBeLessThan(produced * valuesPerInput);
    expect(heapBytes() - heapBefore).toBeLessThan(heapGrowthBytesMax);
    subscription.unsubscribe();
    await settle();
  },
);
