import { string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { at, batchOf, taskOf } from "../../test-support/task-of.ts";
import type { StreamsBuilder } from "./streams-builder.ts";
import { tumbling } from "./windows/time-windows.ts";
import { EmitTurns } from "./emit-turns.ts";

test("a turn comes once in an interval", () => {
  const turns = new EmitTurns(10);
  expect([0, 9, 10, 25, 34, 35].map((now) => turns.take(now))).toEqual([
    true,
    false,
    true,
    true,
    false,
    true,
  ]);
});

test("a clock that goes back makes nobody wait until it is where it was", () => {
  const turns = new EmitTurns(10);
  turns.take(1_000);
  expect(turns.take(1_009)).toBe(false);
  expect(turns.take(500)).toBe(true);
  expect(turns.take(509)).toBe(false);
});

/** What leaves for the records of those times, with a clock that is a minute behind after the first one. */
function writtenWhileClockGoesBack(
  build: (builder: StreamsBuilder) => void,
  times: readonly number[],
): number {
  const now = { ms: 100_000 };
  const clock = { wallMs: () => now.ms, monotonicMs: () => now.ms };
  const { task, written } = taskOf(build, {}, { clock });
  task.initialize();
  for (const [offset, timestamp] of times.entries()) {
    task.addBatch(batchOf("a", offset, [at(timestamp)]));
    task.process(1);
    now.ms = 40_000;
  }
  return written.filter(({ topic }) => topic === "out").length;
}

describe("with a clock that goes back by a minute", () => {
  test("windows that have closed leave", () => {
    const build = (builder: StreamsBuilder): void =>
      builder
        .stream("a")
        .groupByKey()
        .windowedBy(tumbling(10))
        .emitStrategy("onWindowClose")
        .count({ store: { name: "counts", retention: 1_000 } })
        .toStream()
        .to("out");
    expect(writtenWhileClockGoesBack(build, [1, 20])).toBe(1);
  });

  test("what found no partner in a join leaves", () => {
    const build = (builder: StreamsBuilder): void =>
      builder
        .stream("a")
        .leftJoin(builder.stream("b"), () => "", { within: 5, grace: 0, value: string() })
        .to("out");
    expect(writtenWhileClockGoesBack(build, [1, 20])).toBe(1);
  });
});
