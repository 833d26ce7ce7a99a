import type { LogFields, Logger } from "@millrace/platform";
import {
  calendar,
  hopping,
  sliding,
  string,
  StreamsBuilder,
  tumbling,
  unlimited,
  type TimeWindows,
} from "millrace";
import { expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

/** What the log has of windows when a task starts. */
async function toldOf(windows: unknown): Promise<readonly LogFields[]> {
  const lines: LogFields[] = [];
  const logger: Logger = {
    isEnabled: () => true,
    log: (_level, event, fields = {}) => {
      if (event === "streams.records-costly") lines.push(fields);
    },
  };
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string(), value: string() })
    .groupByKey()
    .windowedBy(windows as TimeWindows)
    .count({ store: "counts", name: "count" });
  const task = new RestartingTask(builder.build(), { logger });
  await task.close();
  return lines;
}

test("a task whose records are in thousands of windows says so when it starts, with what to do", async () => {
  expect(await toldOf(hopping("1d", { advance: "1s" }))).toMatchObject([
    {
      node: "count",
      task: "0_0",
      reason: expect.stringMatching(/^each record is in 86400 windows of hopping.* larger advance/),
    },
  ]);
  expect(await toldOf(hopping("1001s", { advance: "1s" }))).toHaveLength(1);
});

test.each([
  ["hopping, a thousand", hopping("1000s", { advance: "1s" })],
  ["tumbling", tumbling("1d")],
  ["unlimited", unlimited()],
  ["sliding", sliding("1d")],
  ["calendar", calendar("day", { timeZone: "Europe/Berlin" })],
])("windows of which a record has few are not told of: %s", async (_, windows) => {
  expect(await toldOf(windows)).toEqual([]);
});
