import { fromStore, fromTable } from "@millrace/rxjs";
import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterEach, beforeEach, expect, test } from "vitest";

import { eventually } from "../integration/world/eventually.ts";
import { TestWorld } from "../integration/world/test-world.ts";
import { QueryNetwork } from "../queries/query-network.ts";

/** What a table holds in all instances, followed from one. */
let world: TestWorld;
let network: QueryNetwork;

beforeEach(async () => {
  world = await TestWorld.start({ cities: 4 });
  network = new QueryNetwork();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const builder = new StreamsBuilder();
const cities = builder.table("cities", { key: string(), value: string(), store: "cities" });
const topology = builder.build();
const names = ["ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"];

const instance = (name: string) =>
  world.app(
    topology,
    { stateDirectory: `/${name}`, applicationServer: `${name}:80`, querySecret: network.secret },
    world.process(),
    { environment: network.environment(`${name}:80`) },
  );

test("fromStore gives what the whole application holds, then each change, where fromTable gives what passes here", async () => {
  const first = await instance("first");
  const second = await instance("second");
  await eventually(() => Math.min(first.tasks.length, second.tasks.length)).toBe(2);
  const producer = world.client.producer();
  const move = (value: string | null) =>
    Promise.all(names.map((key) => producer.send({ topic: "cities", key, value })));
  await move("London");
  await eventually(async () => (await first.store(cities).all().toArray()).length).toBe(
    names.length,
  );

  const told: (readonly [string, string | null, boolean])[] = [];
  const end: { error?: unknown } = {};
  const open = fromStore(first, cities).subscribe({
    next: ({ key, value, offset }) => told.push([key, value, offset === undefined]),
    error: (error: unknown) => Object.assign(end, { error }),
  });
  const here = new Set<string>();
  fromTable(first, cities).subscribe(({ key }) => here.add(key));
  const changes: unknown[] = [];
  const after = { 0: -1, 1: -1, 2: -1, 3: -1 };
  const gone = fromStore(first, cities, { from: { after } }).subscribe(({ offset }) =>
    changes.push(offset),
  );
  const sorted = (rows: readonly unknown[]) => rows.map(String).toSorted();
  await eventually(() => sorted(told)).toEqual(names.map((key) => `${key},London,true`));

  await move(null);
  await eventually(() => sorted(told.slice(names.length))).toEqual(
    names.map((key) => `${key},,false`),
  );
  await eventually(() => changes.length).toBe(2 * names.length);
  expect(changes).not.toContain(undefined);
  await eventually(() => here.size).toBeGreaterThan(0);
  expect(here.size).toBeLessThan(names.length);

  gone.unsubscribe();
  await move("Paris");
  await eventually(() => told.length).toBe(3 * names.length);
  expect(changes).toHaveLength(2 * names.length);
  expect(end.error).toBeUndefined();
  await first.close();
  await eventually(() => end.error).toMatchObject({ code: "APPLICATION_CLOSED" });
  expect(open.closed).toBe(true);
});
