import { fromMetrics, fromState, fromStream, fromTable, type ObservedRecord } from "@millrace/rxjs";
import { json, string } from "@millrace/serde";
import { recordOf, StreamsBuilder, type StreamsState } from "@millrace/streams";
import {
  bufferTime,
  combineLatest,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  observable,
  queueScheduler,
  scan,
  Subject,
  take,
  toArray,
  type Observable,
} from "rxjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually } from "../integration/world/eventually.ts";
import { TestWorld } from "../integration/world/test-world.ts";
import { expectUncommitted } from "../integration/world/word-count.ts";

/** Streams and tables of a running application as Observables. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 4, copies: 4 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const linesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `line-${index}`);

function program() {
  const builder = new StreamsBuilder();
  const lines = builder.stream("lines", { value: string() });
  lines.to("copies");
  const counts = lines
    .groupBy((line) => line.split("-")[0], { key: string(), value: string() })
    .count({ store: "counts" });
  return { topology: builder.build(), lines, counts };
}

/** What an Observable tells, as it comes. */
function seenOf<T>(source: Observable<T>) {
  const values: T[] = [];
  const end: { kind?: "complete" | "error"; error?: unknown } = {};
  const subscription = source.subscribe({
    next: (value) => values.push(value),
    error: (error: unknown) => Object.assign(end, { kind: "error", error }),
    complete: () => Object.assign(end, { kind: "complete" }),
  });
  return { values, end, subscription };
}

const valuesOf = ({ values }: { readonly values: readonly ObservedRecord<unknown, string>[] }) =>
  values.map(({ value }) => value).toSorted();

describe("fromStream", () => {
  test("gives each subscriber the records from its subscription on, with where they came from", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const source = fromStream(app, lines);
    const first = seenOf(source);
    await world.produce("lines", linesOf(4));
    await eventually(() => valuesOf(first)).toEqual(linesOf(4));
    const second = seenOf(source);
    await world.produce("lines", ["late"]);
    await eventually(() => valuesOf(second)).toEqual(["late"]);
    await eventually(() => valuesOf(first)).toEqual(["late", ...linesOf(4)]);
    expect(first.values.find(({ value }) => value === "line-0")).toEqual({
      key: null,
      value: "line-0",
      timestamp: 1001,
      headers: [],
      metadata: { topic: "lines", partition: 0, offset: 0 },
      missed: 0,
    });
  });

  test("ends for one subscriber alone that leaves, and begins anew for one that comes back", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const source = fromStream(app, lines);
    const [leaves, stays] = [seenOf(source), seenOf(source)];
    await world.produce("lines", ["one"]);
    await eventually(() => valuesOf(leaves)).toEqual(["one"]);
    leaves.subscription.unsubscribe();
    await world.produce("lines", ["two"]);
    await eventually(() => valuesOf(stays)).toEqual(["one", "two"]);
    const back = seenOf(source);
    await world.produce("lines", ["three"]);
    await eventually(() => valuesOf(back)).toEqual(["three"]);
    expect(valuesOf(leaves)).toEqual(["one"]);
  });

  test("completes with the application, for those who come later at once", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const seen = seenOf(fromStream(app, lines));
    await world.produce("lines", ["one"]);
    await eventually(() => valuesOf(seen)).toEqual(["one"]);
    await app.close();
    await eventually(() => seen.end).toEqual({ kind: "complete" });
    const late = seenOf(fromStream(app, lines));
    await eventually(() => late.end).toEqual({ kind: "complete" });
  });

  test("gives what the last commit settled before it completes", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, { commitInterval: 600 });
    const seen = seenOf(fromStream(app, lines));
    await world.produce("lines", linesOf(20));
    await expectUncommitted(world, "copies", 20);
    await app.close();
    await eventually(() => seen.end).toEqual({ kind: "complete" });
    expect(valuesOf(seen)).toEqual([...linesOf(20)].toSorted());
  });

  test("errors with what ended the application, and shows nothing that was not committed", async () => {
    const builder = new StreamsBuilder();
    const lines = builder.stream("lines", { value: string() });
    lines.foreach((line) => {
      if (line === "bad") throw new Error("a bad line");
    });
    const app = await world.app(builder.build(), {});
    const seen = seenOf(fromStream(app, lines));
    await world.produce("lines", ["good"]);
    await eventually(() => valuesOf(seen)).toEqual(["good"]);
    await world.produce("lines", ["bad"]);
    const error: unknown = await app.closed.catch((thrown: unknown) => thrown);
    await eventually(() => seen.end).toEqual({ kind: "error", error });
    expect(valuesOf(seen)).toEqual(["good"]);
  });

  test("shows each record once, also where a transaction is lost and its records are processed again", async () => {
    const { topology, lines } = program();
    const process = world.process();
    const options = {
      stateDirectory: "/state",
      sessionTimeout: 150,
      commitInterval: 600,
      transactionTimeout: 60_000,
    };
    const app = await world.app(topology, options, process);
    const committed = seenOf(fromStream(app, lines));
    const processed = seenOf(fromStream(app, lines, { view: "processed" }));
    const values = [...linesOf(400)];
    await world.produce("lines", values);
    await expectUncommitted(world, "copies", values.length);
    await eventually(() => processed.values.length).toBeGreaterThanOrEqual(400);
    process.disconnect();
    await expect
      .poll(() => app.state, { timeout: 550, interval: 5 })
      .toBe("rebalancing")
      .catch(() => {}); // a busy machine may let the commit come first
    process.reconnect();
    await eventually(async () => (await world.read("copies")).length).toBe(values.length);
    await eventually(() => valuesOf(committed)).toEqual(values.toSorted());
    expect(new Set(valuesOf(processed)).size).toBe(400);
  });

  test("shows records before their commit under at_least_once, and after it if asked to", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {
      processingGuarantee: "at_least_once",
      commitInterval: 1500,
    });
    const at = seenOf(fromStream(app, lines));
    const after = seenOf(fromStream(app, lines, { view: "committed" }));
    await world.produce("lines", ["one"]);
    await eventually(() => valuesOf(at)).toEqual(["one"]);
    expect(valuesOf(after)).toEqual([]);
    await eventually(() => valuesOf(after)).toEqual(["one"]);
  });

  test("is completed by a signal, now or before", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const stop = new AbortController();
    const source = fromStream(app, lines, { signal: stop.signal });
    const seen = seenOf(source);
    await world.produce("lines", ["one"]);
    await eventually(() => valuesOf(seen)).toEqual(["one"]);
    stop.abort();
    expect(seen.end).toEqual({ kind: "complete" });
    expect(seenOf(source).end).toEqual({ kind: "complete" });
    expect(await lastValueFrom(source.pipe(toArray()))).toEqual([]);
  });

  test("errors where the stream is of another program, and refuses options that are none", async () => {
    const app = await world.app(program().topology, {});
    const { end } = seenOf(fromStream(app, program().lines));
    expect(end).toMatchObject({ kind: "error", error: { code: "FOREIGN_STREAM" } });
    const { lines } = program();
    const given = [
      { backPressure: "sample", bound: 3 },
      { backPressure: "wait" },
      { bound: 0 },
      { project: async () => {} },
      { size: 3 },
      { scheduler: queueScheduler },
    ];
    for (const options of given)
      expect(() => fromStream(app, lines, options as never)).toThrow(
        expect.objectContaining({ name: "OptionError" }),
      );
  });

  test("goes together with what other libraries and rxjs make", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const source = fromStream(app, lines).pipe(map(({ value }) => value));
    expect(observable in source).toBe(true);
    const pairs = firstValueFrom(combineLatest([from(source), fromState(app)]).pipe(take(1)));
    const batches = firstValueFrom(source.pipe(bufferTime(1000, null, 3)));
    await world.produce("lines", linesOf(3));
    expect(await pairs).toEqual([expect.stringMatching(/^line-/), "running"]);
    expect((await batches).toSorted()).toEqual(linesOf(3));
  });
});

describe("fromTable", () => {
  test("gives the changes of a table, null where a key was deleted", async () => {
    const builder = new StreamsBuilder();
    const customers = builder.table("lines", { key: string(), value: json<{ city: string }>() });
    const app = await world.app(builder.build(), {});
    const seen = seenOf(fromTable(app, customers));
    const producer = world.client.producer();
    await producer.send({ topic: "lines", key: "ada", value: '{"city":"London"}' });
    await producer.send({ topic: "lines", key: "ada", value: null });
    await eventually(() => seen.values.map(({ key, value }) => [key, value])).toEqual([
      ["ada", { city: "London" }],
      ["ada", null],
    ]);
  });

  test("gives an aggregate as it is after each commit, and what a subscriber does to it changes no store", async () => {
    const builder = new StreamsBuilder();
    const lists = builder
      .stream("lines", { value: string() })
      .groupBy(() => "all", { key: string(), value: string() })
      .aggregate<string[]>(
        () => [],
        (list, line) => [...list, line],
        { store: "lists", value: json<string[]>() },
      );
    const app = await world.app(builder.build(), {});
    const sizes: number[] = [];
    fromTable(app, lists).subscribe(({ value }) => {
      sizes.push(value?.length ?? 0);
      value?.splice(0);
    });
    for (const [index, line] of linesOf(5).entries()) {
      await world.produce("lines", [line]);
      await eventually(() => sizes.at(-1)).toBe(index + 1);
    }
  });

  test("folds to what the table holds", async () => {
    const { topology, counts } = program();
    const app = await world.app(topology, {});
    const view = fromTable(app, counts).pipe(
      scan((all, { key, value }) => all.set(key, value), new Map<string, number | null>()),
    );
    const latest = seenOf(view);
    await world.produce("lines", ["a-1", "b-1", "a-2", "a-3", "b-2"]);
    await eventually(() => Object.fromEntries(latest.values.at(-1) ?? [])).toEqual({ a: 3, b: 2 });
  });
});

test("records that a timer makes come from no topic", async () => {
  const builder = new StreamsBuilder();
  const ticks = builder.stream("lines", { value: string() }).process({
    init: (context) => {
      context.schedule(20, "wallClockTime", (now) => context.forward(recordOf("tick", now, now)));
    },
    process: () => {},
    output: { key: string(), value: json<number>() },
  });
  const app = await world.app(builder.build(), {});
  const [first] = await lastValueFrom(fromStream(app, ticks).pipe(take(2), toArray()));
  expect(first).toMatchObject({ key: "tick", metadata: undefined });
});

test("state and metrics of an application", async () => {
  const { topology } = program();
  const app = await world.app(topology, {});
  const states: StreamsState[] = [];
  const over = fromState(app).forEach((state) => void states.push(state));
  const samples = lastValueFrom(fromMetrics(app, { every: 20 }).pipe(toArray()));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await app.close();
  await over;
  expect(states).toEqual(["running", "closing", "closed"]);
  const all = await samples;
  expect(all.length).toBeGreaterThanOrEqual(3);
  expect(all[0].map(({ name }) => name)).toContain("dropped-records-total");
});

describe("back-pressure", () => {
  test("block holds the application up, and loses nothing", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const gate = new Subject<void>();
    let isOpen = false;
    const done: string[] = [];
    fromStream(app, lines, {
      backPressure: "block",
      bound: 10,
      project: ({ value }) =>
        isOpen
          ? [value]
          : gate.pipe(
              take(1),
              map(() => value),
            ),
    }).subscribe((value) => done.push(value));
    const values = [...linesOf(2000)];
    await world.produce("lines", values);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await world.read("copies")).length).toBeLessThan(100);
    isOpen = true;
    gate.next();
    await eventually(() => done.length).toBe(2000);
    expect(done.toSorted()).toEqual(values.toSorted());
  });

  test("a subscriber that leaves lets go of an application that it held up", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const never = new Subject<never>();
    const { subscription } = seenOf(
      fromStream(app, lines, { backPressure: "block", bound: 1, project: () => never }),
    );
    await world.produce("lines", linesOf(500));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await world.read("copies")).length).toBeLessThan(100);
    subscription.unsubscribe();
    await eventually(async () => (await world.read("copies")).length).toBe(500);
  });

  test("buffer ends the subscriber that is too slow, and nobody else", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const never = new Subject<never>();
    const slow = seenOf(fromStream(app, lines, { bound: 50, project: () => never }));
    const quick = seenOf(fromStream(app, lines));
    await world.produce("lines", linesOf(200));
    await eventually(() => slow.end).toMatchObject({
      kind: "error",
      error: { code: "SUBSCRIBER_TOO_SLOW" },
    });
    await eventually(() => quick.values.length).toBe(200);
    expect(app.state).toBe("running");
  });

  test("drop and sample leave records out and count them, for the subscriber and in the metrics", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const gate = new Subject<void>();
    const project = (record: ObservedRecord<unknown, string>) =>
      gate.pipe(
        take(1),
        map(() => record),
      );
    const dropping = seenOf(fromStream(app, lines, { backPressure: "drop", bound: 20, project }));
    const droppedOf = (): number =>
      app.metrics().find(({ name }) => name === "tap-records-dropped-total")?.value ?? 0;
    await world.produce("lines", linesOf(300));
    await eventually(droppedOf).toBeGreaterThanOrEqual(279);
    const dropped = droppedOf();
    await eventually(() => {
      gate.next();
      return dropping.values.length + dropped;
    }).toBe(300);
    await world.produce("lines", ["after"]);
    await eventually(() => {
      gate.next();
      return dropping.values.at(-1);
    }).toMatchObject({ value: "after" });
    // The first one leaves the buffer a turn later than the others come: one behind those that were left out by then has its room.
    expect(dropping.values.reduce((sum, { missed }) => sum + missed, 0)).toBe(dropped);
    dropping.subscription.unsubscribe();

    const sampling = seenOf(fromStream(app, lines, { backPressure: "sample", project }));
    await world.produce("lines", linesOf(300));
    await eventually(async () => (await world.read("copies")).length).toBe(601);
    await eventually(() => {
      gate.next();
      return sampling.values.reduce((sum, { missed }) => sum + missed + 1, 0);
    }).toBe(300);
    expect(droppedOf()).toBe(dropped + 300 - sampling.values.length);
  });
});
