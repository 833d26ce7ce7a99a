import { fromTopic, toTopic } from "@millrace/rxjs";
import { json, string } from "@millrace/serde";
import { topic } from "@millrace/streams";
import {
  concat,
  delay,
  from,
  lastValueFrom,
  map,
  NEVER,
  of,
  range,
  Subject,
  take,
  throwError,
  toArray,
  type Observable,
} from "rxjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually } from "../integration/world/eventually.ts";
import { TestWorld } from "../integration/world/test-world.ts";

/** Topics as Observables, and Observables as topics. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ orders: 2, copies: 2 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const orders = topic("orders", { key: string(), value: json<{ total: number }>() });
const earliest = { autoOffsetReset: "earliest" } as const;

async function order(...totals: readonly number[]): Promise<void> {
  await lastValueFrom(
    from(totals).pipe(
      map((total) => ({ key: `k${total}`, value: { total } })),
      toTopic(world.client, orders),
    ),
  );
}

const totalsOf = (values: readonly { readonly value: { readonly total: number } | null }[]) =>
  values.map(({ value }) => value?.total).toSorted();

function errorOf(source: Observable<unknown>): Promise<unknown> {
  return lastValueFrom(source).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("fromTopic", () => {
  test("reads a topic for each subscription by itself, with the serdes of a handle", async () => {
    await order(1, 2, 3);
    const source = fromTopic(world.client, orders, earliest).pipe(take(3), toArray());
    const [first, second] = await Promise.all([lastValueFrom(source), lastValueFrom(source)]);
    expect(totalsOf(first)).toEqual([1, 2, 3]);
    expect(totalsOf(second)).toEqual([1, 2, 3]);
    expect(first[0]).toMatchObject({ topic: "orders", missed: 0 });
    const bytes = await lastValueFrom(fromTopic(world.client, "orders", earliest).pipe(take(1)));
    expect(bytes.value).toBeInstanceOf(Uint8Array);
  });

  test("asks for the next record once the work is done, and a group takes up after the last", async () => {
    await order(1, 2, 3, 4);
    let atWork = 0;
    let mostAtWork = 0;
    const read = (count: number) =>
      lastValueFrom(
        fromTopic(world.client, orders, {
          ...earliest,
          groupId: "billing",
          project: (record) => {
            mostAtWork = Math.max(mostAtWork, ++atWork);
            return of(record).pipe(
              delay(5),
              map((done) => {
                atWork--;
                return done;
              }),
            );
          },
        }).pipe(take(count), toArray()),
      );
    const first = await read(2);
    expect(mostAtWork).toBe(1);
    const rest = await read(2);
    // The second one's next was not asked for, so it may come again; none is left out.
    expect(new Set(totalsOf([...first, ...rest])).size).toBeGreaterThanOrEqual(3);
    const errors: unknown[] = [];
    await order(5);
    const failing = fromTopic(world.client, orders, {
      ...earliest,
      groupId: "failing",
      project: () => throwError(() => new Error("no money")),
    });
    errors.push(await errorOf(failing), await errorOf(failing));
    expect(errors.map((error) => String(error))).toEqual(["Error: no money", "Error: no money"]);
  });

  test("a record whose work has failed comes again to its group", async () => {
    await world.createTopics({ single: 1 });
    const single = topic("single", { key: string(), value: string() });
    await lastValueFrom(
      from(["a", "b", "c"]).pipe(
        map((value) => ({ key: "k", value })),
        toTopic(world.client, single),
      ),
    );
    const done: string[] = [];
    const bill = (broken: string | undefined, count: number) =>
      fromTopic(world.client, single, {
        ...earliest,
        groupId: "billing",
        project: ({ value }) => {
          if (value === broken) throw new Error(`no ${broken}`);
          done.push(value ?? "");
          return [value];
        },
      }).pipe(take(count));
    expect(String(await errorOf(bill("b", 3)))).toBe("Error: no b");
    await lastValueFrom(bill(undefined, 2));
    expect(done).toEqual(["a", "b", "c"]);
  });

  test.each(["buffer", "drop", "sample"] as const)(
    "with %s it reads on while a subscriber is at work",
    async (backPressure) => {
      await order(...Array.from({ length: 500 }, (_, index) => index));
      const gate = new Subject<void>();
      const bound = backPressure === "sample" ? {} : { bound: 100 };
      const seen: { missed: number }[] = [];
      const errors: unknown[] = [];
      const subscription = fromTopic(world.client, orders, {
        ...earliest,
        ...bound,
        backPressure,
        project: (record) =>
          gate.pipe(
            take(1),
            map(() => record),
          ),
      }).subscribe({ next: (record) => seen.push(record), error: (error) => errors.push(error) });
      const opening = setInterval(() => gate.next(), 2);
      try {
        if (backPressure === "buffer")
          await eventually(() => errors).toMatchObject([{ code: "SUBSCRIBER_TOO_SLOW" }]);
        else if (backPressure === "sample")
          await eventually(() => seen.reduce((sum, { missed }) => sum + missed + 1, 0)).toBe(500);
        else await eventually(() => seen.length).toBeGreaterThanOrEqual(100);
        expect(seen.length).toBeLessThan(500);
      } finally {
        clearInterval(opening);
        subscription.unsubscribe();
      }
    },
  );

  test("completes with its client, or by a signal, and closes its consumer with its subscriber", async () => {
    const client = world.connect();
    const stop = new AbortController();
    const stopped = lastValueFrom(
      fromTopic(client, orders, { signal: stop.signal }).pipe(toArray()),
    );
    const closed = lastValueFrom(fromTopic(client, orders).pipe(toArray()));
    const left = fromTopic(client, orders, { groupId: "left" }).subscribe();
    await eventually(async () => (await membersOf("left")).length).toBe(1);
    left.unsubscribe();
    await eventually(async () => (await membersOf("left")).length).toBe(0);
    stop.abort();
    expect(await stopped).toEqual([]);
    await client.close();
    expect(await closed).toEqual([]);
  });

  test("errors with what ends its consumer", async () => {
    await world.produce("orders", ["no JSON"]);
    expect(await errorOf(fromTopic(world.client, orders, earliest))).toMatchObject({
      code: "DESERIALIZATION_FAILED",
    });
    expect(
      await errorOf(fromTopic(world.client, orders, { autoOffsetReset: "first" as never })),
    ).toMatchObject({ code: "INVALID_OPTION" });
    expect(() => fromTopic(world.client, orders, { bound: 3 })).toThrow(/block/);
  });
});

async function membersOf(groupId: string): Promise<readonly unknown[]> {
  return (await world.client.admin.describeGroup(groupId)).members;
}

describe("toTopic", () => {
  test("gives where each record was written, in order, and completes when all are", async () => {
    const sent = await lastValueFrom(
      range(0, 1000).pipe(
        map((index) => ({ key: null, value: `value-${index}`, partition: index % 2 })),
        toTopic(world.client, "copies"),
        toArray(),
      ),
    );
    expect(sent).toHaveLength(1000);
    for (const [index, metadata] of sent.entries())
      expect(metadata).toEqual({
        topic: "copies",
        partition: index % 2,
        offset: Math.floor(index / 2),
      });
    expect(await world.readTexts("copies")).toHaveLength(1000);
  });

  test("writes keys, headers, times, and null", async () => {
    await lastValueFrom(
      from([
        { key: "k", value: { total: 1 }, headers: { from: "test" }, timestamp: 77 },
        { key: "k", value: null },
      ]).pipe(toTopic(world.client, orders)),
    );
    const records = await lastValueFrom(
      fromTopic(world.client, orders, earliest).pipe(take(2), toArray()),
    );
    expect(records[0]).toMatchObject({ key: "k", value: { total: 1 }, timestamp: 77 });
    expect(records[0].headers).toEqual([["from", new TextEncoder().encode("test")]]);
    expect(records[1]).toMatchObject({ key: "k", value: null });
  });

  test("tells the error of the source once what came before is written", async () => {
    const source = concat(
      from(["one", "two"]),
      throwError(() => new Error("the sensor is broken")),
    ).pipe(map((value) => ({ value })));
    const seen: number[] = [];
    const error: unknown = await new Promise((resolve) =>
      source.pipe(toTopic(world.client, "copies")).subscribe({
        next: ({ offset }) => seen.push(offset),
        error: resolve,
      }),
    );
    expect([String(error), seen.length]).toEqual(["Error: the sensor is broken", 2]);
    expect((await world.readTexts("copies")).toSorted()).toEqual(["one", "two"]);
  });

  test("ends with the first record that is refused, after those before it", async () => {
    const source = from(["one", 7 as never, "three"]).pipe(map((value) => ({ value })));
    const seen: unknown[] = [];
    const error: unknown = await new Promise((resolve) =>
      source.pipe(toTopic(world.client, "copies")).subscribe({
        next: (metadata) => seen.push(metadata),
        error: resolve,
      }),
    );
    expect(error).toMatchObject({ code: "RECORD_INVALID" });
    expect(seen).toHaveLength(1);
  });

  test("ends where a source gives more than may be on their way", async () => {
    const source = range(0, 100).pipe(map((index) => ({ value: `${index}` })));
    expect(
      await errorOf(source.pipe(toTopic(world.client, "copies", { bound: 10 }))),
    ).toMatchObject({ code: "SOURCE_TOO_FAST" });
  });

  test("ends a source that gives without end, all at once", async () => {
    let given = 0;
    const endless = function* () {
      for (;;) yield { value: `${given++}` };
    };
    const written = from(endless()).pipe(toTopic(world.client, "copies", { bound: 10 }));
    expect(await errorOf(written)).toMatchObject({ code: "SOURCE_TOO_FAST" });
    expect(given).toBeLessThan(20);
    const aborted = toTopic<never, string>(world.client, "copies", { signal: AbortSignal.abort() });
    expect(await lastValueFrom(from(endless()).pipe(aborted, toArray()))).toEqual([]);
    expect(given).toBeLessThan(20);
  });

  test("leaves what was sent to be written where its subscriber leaves", async () => {
    const source = concat(from(["one", "two"]), NEVER).pipe(map((value) => ({ value })));
    source
      .pipe(toTopic(world.client, "copies", { linger: 50 }))
      .subscribe()
      .unsubscribe();
    await eventually(async () => (await world.readTexts("copies")).toSorted()).toEqual([
      "one",
      "two",
    ]);
  });

  test("takes no more when its signal aborts, and completes when all is written", async () => {
    const stop = new AbortController();
    const source = new Subject<{ readonly value: string }>();
    const sent = lastValueFrom(
      source.pipe(toTopic(world.client, "copies", { signal: stop.signal }), toArray()),
    );
    source.next({ value: "one" });
    stop.abort();
    expect(source.observed).toBe(false);
    source.next({ value: "two" });
    expect(await sent).toHaveLength(1);
    expect(await world.readTexts("copies")).toEqual(["one"]);
  });

  test("a topic is copied to another as fast as that takes it", async () => {
    await order(...Array.from({ length: 300 }, (_, index) => index));
    const producer = world.client.producer({ key: string(), value: json<{ total: number }>() });
    const copied = fromTopic(world.client, orders, {
      ...earliest,
      project: ({ key, value }) => producer.send({ topic: "copies", key, value }),
    });
    await lastValueFrom(copied.pipe(take(300)));
    expect((await world.read("copies")).length).toBe(300);
  });
});
