import {
  session,
  sliding,
  string,
  StreamsBuilder,
  tumbling,
  type Duration,
  type SessionWindows,
  type SlidingWindows,
  type TimeWindows,
} from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

type Windows = TimeWindows | SlidingWindows | SessionWindows;

/** Results of five records, each so long after the one before, and whether the driver says that some were lost. */
async function resultsOf(
  windows: Windows,
  { gapMs, retention }: { readonly gapMs: number; readonly retention?: Duration },
): Promise<{ readonly results: number; readonly isTold: boolean }> {
  const builder = new StreamsBuilder();
  const store = retention === undefined ? "counts" : { name: "counts", retention };
  let results = 0;
  builder
    .stream("in", { key: string(), value: string() })
    .groupByKey()
    .windowedBy(windows as TimeWindows)
    .emitStrategy("onWindowClose")
    .count({ store })
    .toStream()
    .foreach(() => void (results += 1));
  // A cache would have them still.
  await using driver = new TopologyTestDriver(builder.build(), { cacheBytesMax: 0 });
  const input = driver.input("in", { key: string(), value: string() });
  for (let index = 1; index <= 5; index++) input.pipe("k", "v", { timestamp: index * gapMs });
  return { results, isTold: driver.explain().includes("not in store counts any more") };
}

describe.each([
  ["tumbling", tumbling("10s")],
  ["sliding", sliding("10s")],
  ["session", session("10s", { grace: 0 })],
] as const)("results on close of %s windows", (_kind, windows) => {
  test("are told to be lost where time jumps farther than they are kept", async () => {
    const { results, isTold } = await resultsOf(windows, { gapMs: 3_600_000 });
    expect(results).toBeLessThan(4);
    expect(isTold).toBe(true);
  });

  test("are not told to be lost where an aggregator has deleted them", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", { key: string(), value: string() })
      .groupByKey()
      .windowedBy(windows as TimeWindows)
      .emitStrategy("onWindowClose")
      .reduce(() => null as never, { store: { name: "kept", retention: "1d" } });
    await using driver = new TopologyTestDriver(builder.build());
    const input = driver.input("in", { key: string(), value: string() });
    for (const timestamp of [20_000, 20_001, 90_000, 180_000]) input.pipe("k", "v", { timestamp });
    expect(driver.explain()).not.toContain("not in store");
  });

  test("are all there where they are kept for long enough", async () => {
    const { results, isTold } = await resultsOf(windows, { gapMs: 3_600_000, retention: "1d" });
    expect(results).toBeGreaterThanOrEqual(4);
    expect(isTold).toBe(false);
  });
});
