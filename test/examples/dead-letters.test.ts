import { json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  bookingTopology,
  policies,
  topics,
  type Attempt,
  type Booked,
  type Carrier,
} from "../../examples/dead-letters/src/topology.ts";
import { runExample } from "./run-example.ts";

function office(book: Carrier) {
  const driver = new TopologyTestDriver(bookingTopology({ book }), policies);
  const booked = driver.output(topics.booked, { key: string(), value: json<Booked>() });
  const dead = driver.output(topics.dead, { key: string(), value: json<Attempt>() });
  const unreadable = driver.output(topics.unreadable, { key: string(), value: string() });
  return {
    driver,
    parcels: driver.input(topics.parcels, { key: string(), value: string() }),
    booked: () => booked.readAll().map(({ key, value }) => [key, value?.trackingNumber]),
    dead: () => dead.readAll(),
    unreadable: () => unreadable.readAll(),
  };
}

/** A carrier that fails for a parcel as often as that. */
function failing(times: Readonly<Record<string, number>>) {
  const left = { ...times };
  const calls: string[] = [];
  const book: Carrier = async (id) => {
    calls.push(id);
    if ((left[id] ?? 0) === 0) return `T-${id}`;
    left[id] -= 1;
    throw new Error(`${left[id]} to go`);
  };
  return { calls, book };
}

const parcel = JSON.stringify({ address: "Via Appia 3" });

test("a parcel that fails waits for its turn, and those behind it do not", async () => {
  const { calls, book } = failing({ a: 2 });
  const { driver, parcels, booked } = office(book);
  await using _ = driver;
  parcels.pipe("a", parcel);
  parcels.pipe("b", parcel);
  await driver.settle();
  expect(booked()).toEqual([["b", "T-b"]]);
  driver.advanceWallClock("59s");
  await driver.settle();
  expect(calls).toEqual(["a", "b"]);
  driver.advanceWallClock("1s");
  await driver.settle();
  driver.advanceWallClock("59m");
  await driver.settle();
  expect(calls).toEqual(["a", "b", "a"]);
  driver.advanceWallClock("1m");
  await driver.settle();
  expect(booked()).toEqual([["a", "T-a"]]);
});

test("after three attempts it is a dead letter, with all that was said and its own time", async () => {
  const { driver, parcels, booked, dead } = office(failing({ a: 9 }).book);
  await using _ = driver;
  parcels.pipe("a", parcel, { timestamp: 1234 });
  for (const wait of ["1m", "1h", "1d"] as const) {
    await driver.settle();
    driver.advanceWallClock(wait);
  }
  const [letter, ...more] = dead();
  expect([more, booked()]).toEqual([[], []]);
  expect(letter.timestamp).toBe(1234);
  expect(letter.value).toEqual({
    parcel: { address: "Via Appia 3" },
    failures: ["Error: 8 to go", "Error: 7 to go", "Error: 6 to go"],
  });
});

test("what is no parcel is kept aside as it came, and says why", async () => {
  const { driver, parcels, booked, unreadable } = office(failing({}).book);
  await using _ = driver;
  parcels.pipe("a", "{");
  parcels.pipe("b", parcel);
  await driver.settle();
  const [letter] = unreadable();
  expect([letter.key, letter.value]).toEqual(["a", "{"]);
  expect(letter.headers.map(([name]) => name)).toContain("__streams.errors.message");
  expect(booked()).toEqual([["b", "T-b"]]);
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("dead-letters")).toEqual([
    "parcel 1: booked as T-1",
    "parcel 2: booked as T-2",
    "parcel 3: Error: no such address, Error: no such address, Error: no such address",
    "parcel 4: booked as T-4",
    'parcel 5: "no parcel at all" is none',
  ]);
});
