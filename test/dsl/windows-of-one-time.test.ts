import { string } from "@millrace/serde";
import { session, sliding, StreamsBuilder, type SlidingWindows } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

const text = { key: string(), value: string() };

test.each([
  ["sessions", session(0)],
  ["sliding windows", sliding(0)],
])("%s of one and the same time hold all its records", async (_kind, windows) => {
  const builder = new StreamsBuilder();
  builder
    .stream("in", text)
    .groupByKey()
    .windowedBy(windows as SlidingWindows)
    .reduce((sum, next) => sum + next, { store: { name: "sums", caching: false } })
    .filter((sum) => sum !== null)
    .toStream((_sum, { window }) => `${window.start}-${window.end}`)
    .to("out", { key: string() });
  await using driver = new TopologyTestDriver(builder.build());
  const input = driver.input("in", text);
  for (const [value, timestamp] of [
    ["a", 5],
    ["b", 5],
    ["c", 6],
    ["d", 6],
  ] as const)
    input.pipe("k", value, { timestamp });
  const sums = driver.output("out", text).readTable();
  expect(sums).toEqual(
    new Map([
      ["5-5", "ab"],
      ["6-6", "cd"],
    ]),
  );
});
