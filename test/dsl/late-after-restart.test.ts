import {
  hopping,
  session,
  sliding,
  string,
  int64AsNumber,
  StreamsBuilder,
  tumbling,
  untilWindowCloses,
  windowed,
  type TimeWindows,
  type Topology,
} from "millrace";
import { describe, expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

const minuteMs = 60_000;
const text = string();

const kinds = {
  tumbling: { windows: tumbling("1m"), key: windowed(text, { size: "1m" }) },
  hopping: { windows: hopping("2m", { advance: "1m" }), key: windowed(text, { size: "2m" }) },
  sliding: { windows: sliding("1m"), key: windowed(text, { size: "1m" }) },
  session: { windows: session("1m"), key: windowed(text, "session") },
} as const;
type Kind = keyof typeof kinds;

/** Counts, as they change and as they are when a window has closed. */
function counts(kind: Kind): Topology {
  const { windows, key } = kinds[kind];
  const builder = new StreamsBuilder();
  const table = builder
    .stream("in", { key: text, value: text })
    .groupByKey()
    .windowedBy(windows as TimeWindows)
    .count({ store: { name: "counts", retention: "30d" } });
  table.toStream().to("updates", { key: key as never, value: int64AsNumber() });
  table
    .suppress(untilWindowCloses(), { name: "final" })
    .toStream()
    .to("final", { key: key as never, value: int64AsNumber() });
  return builder.build();
}

/** What is written for records of a closed window, an hour behind the others. */
async function lateResults(kind: Kind, isRestarted: boolean): Promise<unknown> {
  const task = new RestartingTask(counts(kind));
  const pipe = (timestamp: number): void =>
    task.pipe("in", text.serialize("k", "in"), text.serialize("v", "in"), timestamp);
  for (const timestamp of [5 * minuteMs, 5 * minuteMs + 1, 70 * minuteMs, 75 * minuteMs])
    pipe(timestamp);
  task.commit();
  if (isRestarted) await task.restart();
  const read = (topic: string): readonly unknown[] =>
    task.read(topic, kinds[kind].key as never, int64AsNumber());
  const before = { updates: read("updates").length, final: read("final").length };
  pipe(5 * minuteMs + 2);
  pipe(80 * minuteMs);
  task.commit();
  return {
    updates: read("updates").slice(before.updates),
    final: read("final").slice(before.final),
  };
}

describe("ADD-1: a window that has closed", () => {
  test.each(Object.keys(kinds) as Kind[])("stays closed over a restart: %s", async (kind) => {
    expect(await lateResults(kind, true)).toEqual(await lateResults(kind, false));
  });
});
