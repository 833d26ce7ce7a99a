import { string } from "@millrace/serde";
import {
  StreamsBuilder,
  type RecordTap,
  type StreamRecord,
  type StreamsApp,
} from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { expectUncommitted } from "./world/word-count.ts";
import { eventually } from "./world/eventually.ts";
import { TestWorld } from "./world/test-world.ts";

/** Listening to the places of a running application. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 4, copies: 4 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Notes what it is told; what is undone is struck out. */
class NotingTap implements RecordTap {
  readonly settled: string[] = [];
  readonly pending: string[] = [];
  readonly ends: unknown[] = [];
  roomFor = Infinity;
  discards = 0;

  take({ key, value }: StreamRecord): void {
    this.pending.push(typeof key === "string" ? `${key}=${String(value)}` : String(value));
  }

  committed(): void {
    this.settled.push(...this.pending.splice(0));
  }

  discarded(): void {
    this.discards += this.pending.length > 0 ? 1 : 0;
    this.pending.length = 0;
  }

  get hasRoom(): boolean {
    return this.pending.length + this.settled.length < this.roomFor;
  }

  get awaitsCommit(): boolean {
    return this.pending.length > 0;
  }

  ended(failure: { readonly error: unknown } | undefined): void {
    this.ends.push(failure?.error);
  }
}

function program() {
  const builder = new StreamsBuilder();
  const lines = builder.stream("lines", { value: string() });
  const again = builder.stream("lines", { value: string() });
  const { long, short } = lines.split({
    long: (line: string) => line.length > 3,
    short: (line: string) => line.length <= 3,
  });
  const counts = lines
    .groupBy((line) => line, { key: string(), value: string() })
    .count({ store: "counts" });
  const named = long.mapValues((line) => line.toUpperCase(), { name: "shout" });
  lines.to("copies");
  return { topology: builder.build(), lines, again, long, short, counts, named };
}

const settledAt = (tap: NotingTap) => eventually(() => tap.settled.toSorted());

describe("a tap takes what is passed on", () => {
  test("at sources, also one that stands for two, branches, operators, and tables", async () => {
    const { topology, ...places } = program();
    const app = await world.app(topology, { stateDirectory: "/s" });
    const at = (place: Parameters<StreamsApp["tap"]>[0]) => {
      const tap = new NotingTap();
      app.tap(place, tap);
      return tap;
    };
    const [lines, again, long, short] = [places.lines, places.again, places.long, places.short].map(
      at,
    );
    const [counts, named, byName] = [at(places.counts), at(places.named), at("shout")];
    await world.produce("lines", ["pear", "fig", "quince"]);
    await settledAt(lines).toEqual(["fig", "pear", "quince"]);
    await settledAt(again).toEqual(["fig", "pear", "quince"]);
    await settledAt(long).toEqual(["pear", "quince"]);
    await settledAt(short).toEqual(["fig"]);
    await settledAt(named).toEqual(["PEAR", "QUINCE"]);
    await settledAt(byName).toEqual(["PEAR", "QUINCE"]);
    await settledAt(counts).toEqual(["fig=1", "pear=1", "quince=1"]);
  });

  test("until it is disposed of", async () => {
    const { topology, lines } = program();
    const app = await world.app(topology, {});
    const [left, stays] = [new NotingTap(), new NotingTap()];
    const open = app.tap(lines, left);
    app.tap(lines, stays);
    await world.produce("lines", ["pear"]);
    await settledAt(left).toEqual(["pear"]);
    open[Symbol.dispose]();
    open[Symbol.dispose]();
    await world.produce("lines", ["fig"]);
    await settledAt(stays).toEqual(["fig", "pear"]);
    expect(left.settled).toEqual(["pear"]);
  });
});

test("what a lost commit undoes is told, and comes again", async () => {
  const { topology, lines } = program();
  const process = world.process();
  const app = await world.app(
    topology,
    {
      stateDirectory: "/state",
      sessionTimeout: 150,
      commitInterval: 600,
      transactionTimeout: 60_000,
    },
    process,
  );
  const tap = new NotingTap();
  app.tap(lines, tap);
  const values = Array.from({ length: 400 }, (_, index) => `line-${index}`);
  await world.produce("lines", values.slice(0, 8));
  await settledAt(tap).toHaveLength(8);
  await world.produce("lines", values.slice(8));
  await expectUncommitted(world, "copies", values.length);
  process.disconnect();
  await expect
    .poll(() => app.state, { timeout: 550, interval: 5 })
    .toBe("rebalancing")
    .catch(() => {}); // where a busy machine lets the next commit come first, that one must not be repeated either
  process.reconnect();
  await settledAt(tap).toEqual(values.toSorted());
});

test("an application takes no records while a tap has no room, and is a member of its group all the same", async () => {
  const { topology, lines } = program();
  const sessionTimeout = 1000;
  const app = await world.app(topology, { sessionTimeout, transactionTimeout: "1m" });
  const group = async () => (await world.client.admin.describeGroup("app")).members;
  const tap = new NotingTap();
  tap.roomFor = 10;
  const open = app.tap(lines, tap);
  const values = Array.from({ length: 2000 }, (_, index) => `line-${index}`);
  await world.produce("lines", values);
  await eventually(() => tap.settled.length).toBeGreaterThanOrEqual(10);
  await new Promise((resolve) => setTimeout(resolve, 2 * sessionTimeout));
  expect(tap.settled.length).toBeLessThan(100);
  expect((await group()).map(({ memberId }) => memberId)).toEqual([app.memberId]);
  tap.roomFor = Infinity;
  open.roomMade();
  await settledAt(tap).toEqual(values.toSorted());
});

test("an application with a tap that has no room closes", async () => {
  const { topology, lines } = program();
  const app = await world.app(topology, {});
  const tap = new NotingTap();
  tap.roomFor = 0;
  app.tap(lines, tap);
  await world.produce("lines", ["pear"]);
  await app.close();
  expect(tap.ends).toEqual([undefined]);
});

test("a tap is told of the end, and of the error that it was, also where it comes later", async () => {
  const builder = new StreamsBuilder();
  const failing = builder.stream("lines", { value: string() }).mapValues((line): string => {
    throw new Error(`no ${line}`);
  });
  const app = await world.app(builder.build(), {});
  const [tap, late] = [new NotingTap(), new NotingTap()];
  app.tap(failing, tap);
  await world.produce("lines", ["pear"]);
  const error: unknown = await app.closed.catch((thrown: unknown) => thrown);
  app.tap(failing, late);
  expect(tap.ends).toEqual([error]);
  expect(late.ends).toEqual([error]);
  expect([tap.settled, tap.pending]).toEqual([[], []]);
});

test("what is no place of the program is refused", async () => {
  const { topology } = program();
  const app = await world.app(topology, {});
  const other = program();
  const tap = new NotingTap();
  expect(() => app.tap(other.lines, tap)).toThrow(
    expect.objectContaining({ code: "FOREIGN_STREAM" }),
  );
  expect(() => app.tap(7 as never, tap)).toThrow(/was given 7/);
  for (const name of ["shoot", "KSTREAM-SINK-0000000014"])
    expect(() => app.tap(name, tap)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_PROCESSOR" }),
    );
});
