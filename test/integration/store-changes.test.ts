import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { int64AsNumber, string, type Serde } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamsBuilder, type StoreChange, type StreamsApp } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import { failureOf } from "./world/failure-of.ts";
import {
  partitionOf,
  partitions,
  queriedProgram,
  queriedTopics,
  text,
  writeTexts,
} from "./world/queried-program.ts";
import { TestWorld } from "./world/test-world.ts";

/** Changes of the stores of a running application. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start(queriedTopics);
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const write = (topic: string, records: Parameters<typeof writeTexts>[2]): Promise<void> =>
  writeTexts(world, topic, records);

type Program = ReturnType<typeof queriedProgram>;

async function started(): Promise<Program & { readonly app: StreamsApp }> {
  const made = queriedProgram();
  return { ...made, app: await world.app(made.topology, { stateDirectory: "/s" }) };
}

const utf8Number: Serde<number> = {
  name: "utf8Number",
  isNullable: false,
  serialize: (value) => encodeUtf8(String(value)),
  deserialize: (bytes) => {
    const value = Number(decodeUtf8(bytes));
    if (Number.isNaN(value)) throw new Error("that is no number");
    return value;
  },
};

describe("the changes of a store", () => {
  async function take<Item>(items: AsyncIterator<Item>, count: number): Promise<Item[]> {
    const taken: Item[] = [];
    while (taken.length < count) {
      const next = await items.next();
      if (next.done === true) break;
      taken.push(next.value);
    }
    return taken;
  }
  const shown = ({ key, value }: StoreChange<string, unknown>): string => `${key}=${String(value)}`;

  test("begin with what is there, and go on with each change", async () => {
    const { app, counts } = await started();
    await write("words", [
      ["ant", "1"],
      ["ape", "1"],
    ]);
    await eventually(() => app.store(counts).all().toArray()).toHaveLength(2);
    const changes = app.store(counts).changes();
    expect((await take(changes, 2)).map(shown).sort()).toEqual(["ant=1", "ape=1"]);
    const next = take(changes, 2);
    await write("words", [
      ["ape", "2"],
      ["bee", "1"],
    ]);
    expect((await next).map(shown).sort()).toEqual(["ape=2", "bee=1"]);
    await changes.return();
  });

  test("of one key tell first that it is not there", async () => {
    const { app, counts } = await started();
    const changes = app.store(counts).watch("ape");
    expect((await take(changes, 1)).map(shown)).toEqual(["ape=null"]);
    const next = take(changes, 1);
    await write("words", [
      ["bee", "1"],
      ["ape", "1"],
    ]);
    const [change] = await next;
    expect(shown(change)).toBe("ape=1");
    expect(change.offset).toBeGreaterThanOrEqual(0);
    await changes.return();
  });

  test("go on behind the last one that was seen", async () => {
    const { app, counts } = await started();
    const partition = partitionOf("ape", partitions);
    const store = app.store(counts, { partitions: [partition] });
    const first = store.changes({ from: "now" });
    const begun = take(first, 1);
    await world.client.admin.describeCluster();
    const writing = (async () => {
      for (let count = 0; count < 20; count++) await write("words", [["ape", "1"]]);
    })();
    const [seen] = await begun;
    await first.return();
    await writing;
    const after = { [partition]: seen.offset ?? -1 };
    const again = store.changes({ from: { after } });
    let last = seen.value ?? 0;
    while (last < 20) {
      const [change] = await take(again, 1);
      expect(change.value).toBeGreaterThan(last);
      last = change.value ?? 0;
    }
    await again.return();
  });

  test("go on nowhere, where it is not said of which partition behind what", async () => {
    const { app, counts } = await started();
    await write("words", [["ape", "1"]]);
    const error = await failureOf(
      app
        .store(counts)
        .changes({ from: { after: { 1: 4 } } })
        .next(),
    );
    expect(error).toMatchObject({ code: "CHANGES_NOT_PLACED", retriable: false });
    expect(String(error)).toContain("for partition 0");
    const after = Object.fromEntries(Array.from({ length: partitions }, (_, one) => [one, -1]));
    const changes = app.store(counts).changes({ from: { after } });
    expect((await take(changes, 1)).map(shown)).toEqual(["ape=1"]);
    await changes.return();
  });

  test("of the windows, or sessions, of a key begin with those that are there", async () => {
    const { app, perMinute, visits } = await started();
    await write("words", [
      ["ant", "1", 0],
      ["ape", "1", 0],
    ]);
    await eventually(() => app.store(visits).findSessions("ape").toArray()).toHaveLength(1);
    const asked = [
      { store: app.store(perMinute), window: { start: 0, end: 60_000 } },
      { store: app.store(visits), window: { start: 0, end: 0 } },
    ];
    for (const { store, window } of asked) {
      const changes = store.watch("ape");
      const first = take(changes, 1);
      await write("words", [["ape", "1", 120_000]]);
      expect(await first).toMatchObject([{ key: { key: "ape", window }, offset: undefined }]);
      await changes.return();
    }
  });

  test("of windows and of global tables", async () => {
    await write("rates", [["eur", "1.1"]]);
    const { app, perMinute, rates } = await started();
    const windows = app.store(perMinute).watch("ape");
    const next = take(windows, 1);
    await write("words", [["ape", "1", 60_000]]);
    expect(await next).toMatchObject([
      { key: { key: "ape", window: { start: 60_000, end: 120_000 } }, value: 1 },
    ]);
    await windows.return();
    const changes = app.store(rates).changes();
    expect((await take(changes, 1)).map(shown)).toEqual(["eur=1.1"]);
    const later = take(changes, 1);
    await write("rates", [["eur", null]]);
    expect((await later).map(shown)).toEqual(["eur=null"]);
    await changes.return();
  });

  test("of a range begin with what is there in it", async () => {
    const { app, rates } = await started();
    await write("rates", [
      ["a", "1"],
      ["b", "1"],
      ["c", "1"],
      ["d", "1"],
    ]);
    await eventually(() => app.store(rates).all().toArray()).toHaveLength(4);
    const changes = app.store(rates).watchRange("b", "c");
    expect((await take(changes, 2)).map(shown)).toEqual(["b=1", "c=1"]);
    const next = take(changes, 1);
    await write("rates", [
      ["a", "2"],
      ["c", "2"],
    ]);
    expect((await next).map(shown)).toEqual(["c=2"]);
    await changes.return();
  });

  test("are told once queries see them, also of a topic that is the changelog", async () => {
    const builder = new StreamsBuilder();
    const handles = {
      prices: builder.table("prices", { ...text, store: "prices" }),
      rates: builder.globalTable("rates", { ...text, store: "rates" }),
    };
    const topology = builder.build({ optimize: "all" });
    const app = await world.app(topology, { commitInterval: 150 });
    for (const topic of ["prices", "rates"] as const) {
      const store = app.store(handles[topic], { timeout: 0 });
      const changes = app.store(handles[topic]).changes();
      const first = changes.next();
      await write(topic, [["a", "0"]]);
      await first;
      for (const value of ["1", "2", "3"]) {
        const next = changes.next();
        await write(topic, [["a", value]]);
        expect((await next).value).toMatchObject({ key: "a", value });
        expect(await store.get("a"), topic).toBe(value);
      }
      await changes.return();
    }
  });

  test("leave out what the store has left out of the topic that is its changelog", async () => {
    const numbers = { key: string(), value: utf8Number };
    const builder = new StreamsBuilder();
    const handles = [
      builder.table("prices", { ...numbers, store: "prices" }),
      builder.globalTable("rates", { ...numbers, store: "rates" }),
    ];
    const topology = builder.build({ optimize: "all" });
    const app = await world.app(topology, { onDeserializationError: "continue" });
    for (const [index, topic] of ["prices", "rates"].entries()) {
      const after: Record<number, number> =
        topic === "prices" ? { 0: -1, 1: -1, 2: -1 } : { 0: -1, 1: -1 };
      const changes = app.store(handles[index]).changes({ from: { after } });
      const next = take(changes, 2);
      await write(topic, [
        ["a", "1"],
        ["a", "one"],
        ["a", "2"],
      ]);
      expect((await next).map(shown)).toEqual(["a=1", "a=2"]);
      await changes.return();
    }
  });

  test("are refused of a global store that a processor of its own fills from a topic", async () => {
    const builder = new StreamsBuilder();
    const lengths = keyValueStore({ name: "lengths", key: string(), value: int64AsNumber() });
    builder.addGlobalStore(lengths, "rates", {
      ...text,
      process: ({ key, value }, { store }) => store.put(key, value?.length ?? null),
    });
    builder.stream("words", text).to("prices");
    const app = await world.app(builder.build(), {});
    const failure = await failureOf(app.store(lengths).changes().next());
    expect(failure).toMatchObject({ code: "STORE_NOT_LOGGED" });
  });

  test("end with the application", async () => {
    const { app, counts } = await started();
    const changes = app.store(counts).changes();
    const next = changes.next();
    await app.close();
    expect(await failureOf(next)).toMatchObject({ code: "APPLICATION_CLOSED" });
  });
});
