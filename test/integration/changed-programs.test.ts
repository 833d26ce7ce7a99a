import { int64AsNumber, string } from "@millrace/serde";
import { diffTopologies, StreamsBuilder, tumbling, type Topology } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";
import { TestWorld } from "./world/test-world.ts";

interface Program {
  /** Of the store. Default: a generated one. */
  readonly name?: string;
  readonly filters?: boolean;
  readonly sourceBefore?: boolean;
  readonly retention?: "1h" | "4h";
  readonly logging?: false;
  readonly engine?: "memory";
}

/** Counts what comes, as one of several versions of a program does. */
function counting({ name, filters, sourceBefore, retention, ...kept }: Program): Topology {
  const builder = new StreamsBuilder();
  if (sourceBefore === true) builder.stream("others", { value: string() }).foreach(() => {});
  const lines = builder.stream("lines", { value: string() });
  const groups = (filters === true ? lines.filter((line) => line !== "") : lines).groupBy(
    () => "all",
    { key: string(), value: string(), ...(name === undefined ? {} : { name: "lines" }) },
  );
  const out = { key: string(), value: int64AsNumber() };
  const store = { ...(name === undefined ? {} : { name }), ...kept };
  if (retention === undefined) groups.count({ store }).toStream().to("counts", out);
  else
    groups
      .windowedBy(tumbling("1m"))
      .count({ store: { ...store, retention } })
      .toStream((_count, { key }) => key)
      .to("counts", out);
  return builder.build();
}

const generated = "KSTREAM-AGGREGATE-STATE-STORE-0000000002";

const steps: readonly [string, Program, Program][] = [
  ["nothing", {}, {}],
  ["an operator before a generated name", {}, { filters: true }],
  ["the same, with the old name", {}, { filters: true, name: generated }],
  ["an operator before a name of its own", { name: "kept" }, { name: "kept", filters: true }],
  ["another name", { name: "kept" }, { name: "counts" }],
  ["another number of the sub-topology", { name: "kept" }, { name: "kept", sourceBefore: true }],
  [
    "the same, of a store without a changelog",
    { name: "kept", logging: false },
    { name: "kept", logging: false, sourceBefore: true },
  ],
  [
    "segments of another time",
    { name: "kept", retention: "1h" },
    { name: "kept", retention: "4h" },
  ],
  ["memory in place of the disk", { name: "kept" }, { name: "kept", engine: "memory" }],
];

// What the comparison of two programs says is what becomes of the state.
describe("the state of an application whose program changes", () => {
  test.each(steps)("%s", async (_, old, now) => {
    await using world = await TestWorld.start({ lines: 1, others: 1, counts: 1 });
    const counts = async () =>
      (await world.read("counts")).map(({ value }) =>
        value === null ? null : int64AsNumber().deserialize(value, "counts"),
      );
    const process = world.process();
    const settings = { stateDirectory: "/state" };
    const before = await world.app(counting(old), settings, process);
    await world.produce("lines", ["a", "b"]);
    await expect.poll(async () => (await counts()).at(-1)).toBe(2);
    await before.close();
    const seen = (await counts()).length;
    await world.app(counting(now), settings, process);
    await world.produce("lines", ["c"]);
    await expect.poll(async () => (await counts()).length).toBeGreaterThan(seen);
    const { stateSurvives } = diffTopologies(counting(old), counting(now));
    expect((await counts()).at(-1)).toBe(stateSurvives ? 3 : 1);
  });
});

test("a group of the streams protocol takes another topology by the way of a classic one", async () => {
  await using world = await TestWorld.start({ lines: 1, others: 1, counts: 1 });
  const last = async () => {
    const value = (await world.read("counts")).at(-1)?.value ?? null;
    return value === null ? 0 : int64AsNumber().deserialize(value, "counts");
  };
  const [old, now] = [{ name: "kept" }, { name: "kept", sourceBefore: true }].map(counting);
  const streams = { stateDirectory: "/state", groupProtocol: "streams" } as const;
  const process = world.process();
  const before = await world.app(old, streams, process);
  await world.produce("lines", ["a", "b"]);
  await expect.poll(last).toBe(2);
  await before.close();
  const refused = await failureOf(world.app(now, streams, world.process()));
  expect(refused).toMatchObject({
    code: "GROUP_REFUSED",
    message: expect.stringContaining('groupProtocol "classic"'),
  });
  await (await world.app(now, { stateDirectory: "/state" }, process)).close();
  await world.app(now, streams, process);
  await world.produce("lines", ["c"]);
  await expect.poll(last).toBe(3);
});
