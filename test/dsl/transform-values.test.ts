import {
  int64AsNumber,
  json,
  keyValueStore,
  string,
  StreamsBuilder,
  tumbling,
  session,
} from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const text = { key: string(), value: string() };
const limits = () => keyValueStore({ name: "limits", key: string(), value: int64AsNumber() });

describe("transformValues", () => {
  test("is called for deleted rows too, and what gives null deletes", async () => {
    const builder = new StreamsBuilder();
    const seen: unknown[] = [];
    builder
      .table("in", text)
      .transformValues(
        {
          transform(value, key, { record }) {
            seen.push([key, value, record.timestamp, record.metadata?.offset]);
            return value === null ? `no ${key}` : value === "gone" ? null : value.length;
          },
        },
        { value: json<string | number>(), store: "lengths" },
      )
      .toStream()
      .to("out");
    const driver = new TopologyTestDriver(builder.build(), { cacheBytesMax: 0 });
    const input = driver.input("in", text);
    input.pipe("a", "abc", { timestamp: 5 });
    input.pipe("b", "gone", { timestamp: 6 });
    driver.input("in", { key: string(), value: json<null>() }).pipe("a", null, { timestamp: 7 });
    expect(seen).toEqual([
      ["a", "abc", 5, 0],
      ["b", "gone", 6, 1],
      ["a", null, 7, 2],
    ]);
    const out = driver.output("out", { key: string(), value: json<string | number>() });
    expect(out.readAll().map(({ value }) => value)).toEqual([3, null, "no a"]);
    expect(driver.store("lengths").get("a")).toMatchObject({ value: "no a", timestamp: 7 });
    await driver.close();
  });

  test("writes its stores, and keeps a state in each task", async () => {
    const builder = new StreamsBuilder();
    builder
      .table("in", text)
      .transformValues(
        {
          stores: { limits: limits() },
          state: () => ({ calls: 0 }),
          transform(value, key, { limits: own, state }) {
            state.calls += 1;
            own.put(key, (value ?? "").length);
            return `${value} ${state.calls}`;
          },
        },
        { value: string() },
      )
      .toStream()
      .to("out");
    const driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("a", "x");
    driver.input("in", text).pipe("b", "xyz");
    const values = driver
      .output("out", text)
      .readAll()
      .map(({ value }) => value);
    expect(values).toEqual(["x 1", "xyz 2"]);
    expect(driver.store("limits").get("b")).toBe(3);
    await driver.close();
  });

  test("where rows are not kept, who looks them up has a transformer of its own, with the same stores", async () => {
    const builder = new StreamsBuilder();
    const events: string[] = [];
    const own = limits();
    const transformed = builder.table("right", text).transformValues(
      {
        stores: { limits: own },
        state: () => ({ calls: 0 }),
        init: () => void events.push("init"),
        transform(value, key, { limits: store, state, record }) {
          state.calls += 1;
          const limit = store.get(key) ?? 0;
          if (record.metadata !== undefined) store.put(key, limit + 1);
          return `${value} ${limit} ${state.calls} at ${record.timestamp}`;
        },
        close: () => void events.push("close"),
      },
      { value: string() },
    );
    builder
      .table("left", text)
      .leftJoin(transformed, (left, right) => `${left}: ${right}`, { value: string() })
      .toStream()
      .to("out");
    const driver = new TopologyTestDriver(builder.build());
    driver.input("right", text).pipe("a", "r", { timestamp: 4 });
    driver.input("left", text).pipe("a", "l", { timestamp: 9 });
    driver.input("left", text).pipe("a", "m", { timestamp: 9 });
    driver.input("left", text).pipe("b", "n", { timestamp: 9 });
    const values = driver
      .output("out", text)
      .readAll()
      .map(({ value }) => value);
    expect(values).toEqual(["l: r 1 1 at 4", "m: r 1 2 at 4", "n: null 0 3 at -1"]);
    expect(events).toEqual(["init", "init"]);
    await driver.close();
    expect(events).toEqual(["init", "init", "close", "close"]);
  });

  test("a promise, and undefined, are refused by name", () => {
    for (const [transform, code] of [
      [() => Promise.resolve(1), "CALLBACK_GAVE_PROMISE"],
      [() => undefined, "CALLBACK_GAVE_UNDEFINED"],
    ] as const) {
      const builder = new StreamsBuilder();
      builder
        .table("in", text)
        .transformValues({ transform: transform as never }, { value: string() })
        .toStream()
        .to("out");
      const driver = new TopologyTestDriver(builder.build());
      const refusal = expect.objectContaining({ code, operator: "transformValues" });
      expect(() => driver.input("in", text).pipe("a", "x")).toThrow(
        expect.objectContaining({ cause: refusal }),
      );
    }
  });

  test("a definition that does not fit is refused where it is given", () => {
    const table = new StreamsBuilder().table("in", text);
    expect(() => table.transformValues({} as never)).toThrow(/transform/);
    expect(() => table.transformValues({ transform: () => 1, stors: {} } as never)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_OPTION" }),
    );
    const stores = { record: limits() } as never;
    expect(() => table.transformValues({ stores, transform: () => 1 })).toThrow(
      /a store cannot be called record/,
    );
  });
});

test("a processor reads the windows and sessions of tables that it names", async () => {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", text).groupByKey();
  const perMinute = grouped
    .windowedBy(tumbling("1m"))
    .count({ store: { name: "per-minute", retention: "1h" } });
  const visits = grouped
    .windowedBy(session("1m"))
    .count({ store: { name: "visits", retention: "1h" } });
  builder
    .stream("ask", text)
    .processValues({
      stores: { perMinute, visits },
      process(record, { perMinute: windows, visits: sessions, forward }) {
        const count = windows.fetch(record.key, 60_000)?.value;
        const all = [...windows.fetchKeys(null, null)].length;
        const found = [...sessions.findSessionsOfKeys(null, null)].map(({ value }) => value);
        forward(record.withValue(`${count} ${all} ${found.join()}`));
      },
    })
    .to("out");
  const driver = new TopologyTestDriver(builder.build());
  for (const timestamp of [60_000, 60_001, 180_000])
    driver.input("in", text).pipe("a", "x", { timestamp });
  driver.input("ask", text).pipe("a", "?");
  expect(driver.output("out", text).read().value).toBe("2 2 2,1");
  await driver.close();
});
