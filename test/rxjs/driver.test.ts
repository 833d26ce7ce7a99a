import { fromStream, fromTable } from "@millrace/rxjs";
import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { bufferCount, firstValueFrom, map, toArray, VirtualTimeScheduler } from "rxjs";
import { beforeEach, expect, test } from "vitest";

function program() {
  const builder = new StreamsBuilder();
  const lines = builder.stream("lines", { key: string(), value: string() }).peek((line) => {
    if (line === "bad") throw new Error("a bad line");
  });
  const counts = lines.groupByKey().count({ store: "counts" });
  counts.toStream().to("counts", { value: int64AsNumber() });
  const driver = new TopologyTestDriver(builder.build());
  const input = driver.input("lines", { key: string(), value: string() });
  return { lines, counts, driver, input };
}

/** Subscribers have their turns when it is flushed: a test needs no wait. */
let scheduler: VirtualTimeScheduler;
beforeEach(() => {
  scheduler = new VirtualTimeScheduler();
});

test("Observables of streams and tables are those of a driver, too, until it is closed", async () => {
  const { lines, counts, driver, input } = program();
  const seen: string[] = [];
  fromStream(driver, lines, { scheduler }).subscribe(({ key, value, metadata, timestamp }) =>
    seen.push(`${key} ${value} ${metadata?.topic}@${metadata?.offset} ${timestamp}`),
  );
  const pairs: number[][] = [];
  fromTable(driver, counts, { scheduler })
    .pipe(
      map(({ value }) => value ?? 0),
      bufferCount(2),
    )
    .subscribe((pair) => pairs.push(pair));
  const all = firstValueFrom(fromStream(driver, lines).pipe(toArray()));
  input.pipe("a", "one", { timestamp: 5 });
  expect(seen).toEqual([]); // nothing of a subscriber's runs within the driver
  scheduler.flush();
  expect(seen).toEqual(["a one lines@0 5"]);
  input.pipe("a", "two", { timestamp: 6 });
  scheduler.flush();
  expect(pairs).toEqual([[1, 2]]);
  await driver.close();
  expect((await all).map(({ value }) => value)).toEqual(["one", "two"]);
});

test("who has left hears nothing, and a driver that fails tells those who listen", async () => {
  const { lines, driver, input } = program();
  const left: unknown[] = [];
  const subscription = fromStream(driver, lines, { scheduler }).subscribe((one) => left.push(one));
  const values: (string | null)[] = [];
  const errors: unknown[] = [];
  fromStream(driver, "KSTREAM-SOURCE-0000000000", { scheduler }).subscribe({
    next: ({ value }) => values.push(value as string),
    error: (error: unknown) => errors.push(error),
  });
  input.pipe("a", "one");
  scheduler.flush();
  subscription.unsubscribe();
  input.pipe("a", "two");
  expect(() => input.pipe("a", "bad")).toThrow(/a bad line/);
  scheduler.flush();
  expect(left).toHaveLength(1);
  expect(values).toEqual(["one", "two"]);
  expect(errors).toMatchObject([{ message: expect.stringMatching(/a bad line/) }]);
  await driver.close();
});

test("a stream of another program is refused", async () => {
  const { driver } = program();
  const foreign = new StreamsBuilder().stream("lines", { value: string() });
  await expect(firstValueFrom(fromStream(driver, foreign))).rejects.toMatchObject({
    code: "FOREIGN_STREAM",
  });
  await driver.close();
});
