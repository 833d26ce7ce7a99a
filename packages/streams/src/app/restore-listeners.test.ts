import { expect, test } from "vitest";

import type { RestoreEvent } from "../runtime/state/restore-event.ts";
import { RestoreListeners } from "./restore-listeners.ts";

const progress = {
  task: "0_0",
  store: "counts",
  changelog: { topic: "app-counts-changelog", partition: 0 },
  role: "active",
  startOffset: 9,
  offset: 10,
  endOffset: 10,
} as const;

function logged(...events: readonly RestoreEvent[]): readonly string[] {
  const lines: string[] = [];
  const log = (level: string, name: string, fields?: object): void => {
    lines.push(`${level} ${name} ${Object.values(fields ?? {}).at(-1)}`);
  };
  const listeners = new RestoreListeners(undefined, { log } as never);
  for (const event of events) listeners.tell(event);
  return lines;
}

test("a restore is told at info from its first records on, and at debug where there were none", () => {
  const nothing = { ...progress, records: 0 };
  expect(logged({ kind: "start", ...nothing }, { kind: "end", ...nothing })).toEqual([
    "debug streams.restore-ended 0",
  ]);
  const batch = (records: number, batchRecords: number): RestoreEvent => ({
    kind: "batch",
    ...progress,
    records,
    batchRecords,
  });
  const end: RestoreEvent = { kind: "end", ...progress, records: 5 };
  expect(logged({ kind: "start", ...nothing }, batch(3, 3), batch(5, 2), end)).toEqual([
    "info streams.restore-started 3",
    "info streams.restore-ended 5",
  ]);
});
