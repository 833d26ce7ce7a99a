import { decodeUtf8 } from "@millrace/model";
import { describe, expect, test } from "vitest";

import { at, batchOf, catchError, taskOfProcessor } from "../../test-support/task-of.ts";
import type { PunctuationInterval, PunctuationType } from "../processor/punctuation.ts";
import type { ProcessorContext } from "../processor/processor.ts";
import { recordOf } from "../processor/stream-record.ts";
import { Slice } from "./slice.ts";
import type { StreamTaskOptions, TaskConfig } from "./stream-task-options.ts";

/** A task whose only processor sets timers when it starts, with a clock that a test moves. */
function timed(
  init: (context: ProcessorContext) => void,
  config: Partial<TaskConfig> = {},
  options: Partial<StreamTaskOptions> = {},
) {
  const now = { ms: 0 };
  const clock = { wallMs: () => now.ms, monotonicMs: () => now.ms };
  const parts = taskOfProcessor({ init, process: () => {} }, config, { clock, ...options });
  parts.task.initialize();
  let offset = 0;
  const take = (...timestamps: readonly number[]): void => {
    parts.task.addBatch(
      batchOf(
        "a",
        offset,
        timestamps.map((timestamp) => at(timestamp)),
      ),
    );
    offset += timestamps.length + 1;
    parts.task.process(timestamps.length);
  };
  const advance = (ms: number): void => {
    now.ms += ms;
    parts.task.punctuate();
  };
  return { ...parts, take, advance, now };
}

/** When a timer fires. */
function firing(interval: PunctuationInterval, type: PunctuationType) {
  const fired: number[] = [];
  const parts = timed((context) => {
    context.schedule(interval, type, (time) => fired.push(time));
  });
  return { ...parts, fired };
}

describe("a timer by stream time", () => {
  test("fires with the first record, then on the grid from 0, with the time that it is", () => {
    const { take, fired } = firing(10, "streamTime");
    take(3);
    expect(fired).toEqual([3]);
    take(9);
    take(35);
    expect(fired).toEqual([3, 35]);
    take(39, 40);
    expect(fired).toEqual([3, 35, 40]);
  });

  test("does not fire before the first record, nor for a late one", () => {
    const { task, take, advance, fired } = firing(10, "streamTime");
    task.process(1);
    advance(1000);
    expect(fired).toEqual([]);
    take(12, 5);
    expect(fired).toEqual([12]);
  });

  test("fires first at its start, which may lie in the future", () => {
    const { take, fired } = firing({ interval: 10, startTime: 25 }, "streamTime");
    take(24);
    expect(fired).toEqual([]);
    take(26, 34, 35);
    expect(fired).toEqual([26, 35]);
  });

  test("comes after the record that moves the time, before the next one", () => {
    const order: string[] = [];
    const parts = taskOfProcessor({
      init: (context) => {
        context.schedule(10, "streamTime", (time) => order.push(`timer ${time}`));
      },
      process: ({ timestamp }) => order.push(`record ${timestamp}`),
    });
    parts.task.initialize();
    parts.task.addBatch(batchOf("a", 0, [at(1), at(11), at(12)]));
    parts.task.process(10);
    expect(order).toEqual(["record 1", "timer 1", "record 11", "timer 11", "record 12"]);
  });

  test("goes on where stream time was committed, without waiting for a record", () => {
    const fired: number[] = [];
    const { task } = taskOfProcessor({
      init: (context) => {
        context.schedule(10, "streamTime", (time) => fired.push(time));
      },
      process: () => {},
    });
    task.initialize([{ topic: "a", partition: 0, offset: 7, metadata: "AgAAAAAAAABk" }]);
    expect(task.untilTimerMs).toBe(0);
    task.process(1, new Slice({ wallMs: () => 0, monotonicMs: () => 0 }, 5));
    expect(fired).toEqual([100]);
    expect(task.untilTimerMs).toBe(Infinity);
  });
});

describe("a timer by the wall clock", () => {
  test("fires after one interval, and once for all that it has missed", () => {
    const { advance, fired, task } = firing(10, "wallClockTime");
    expect(task.untilTimerMs).toBe(10);
    advance(9);
    expect(fired).toEqual([]);
    advance(1);
    expect(fired).toEqual([10]);
    advance(35);
    expect(fired).toEqual([10, 45]);
    expect(task.untilTimerMs).toBe(5);
  });

  test.each([
    [7, [7, 17]],
    [1003, [1003, 1013]],
  ])("with a start at %d it keeps to that grid", (startTime, expected) => {
    const fired: number[] = [];
    const { advance } = timed((context) => {
      context.schedule({ interval: "10ms", startTime }, "wallClockTime", (time) =>
        fired.push(time),
      );
    });
    for (let ms = 0; ms <= expected[1]; ms++) advance(1);
    expect(fired).toEqual(expected);
  });

  test("fires within an interval though the clock goes back, on the grid that it had", () => {
    const { advance, fired, task, now } = firing(10, "wallClockTime");
    advance(10);
    now.ms = -994;
    expect(task.untilTimerMs).toBe(4);
    advance(3);
    expect(fired).toEqual([10]);
    advance(1);
    expect(fired).toEqual([10, -990]);
  });

  test("waits for a start in the future though the clock goes back", () => {
    const fired: number[] = [];
    const { advance, now } = timed((context) => {
      context.schedule({ interval: 10, startTime: 1_000 }, "wallClockTime", (time) =>
        fired.push(time),
      );
    });
    advance(998);
    now.ms = 900;
    advance(99);
    expect(fired).toEqual([]);
    advance(1);
    expect(fired).toEqual([1_000]);
  });

  test("a start in the past fires at the next point of its grid", () => {
    const fired: number[] = [];
    const { advance } = timed((context) => {
      context.schedule(1, "wallClockTime", function once(now) {
        if (now !== 25) return;
        context.schedule({ interval: 10, startTime: 2 }, "wallClockTime", (t) => fired.push(t));
      });
    });
    for (let ms = 0; ms < 45; ms++) advance(1);
    expect(fired).toEqual([32, 42]);
  });
});

describe("timers", () => {
  test("that are due at once are called in the order of their times, then of Kafka's heap", () => {
    const order: string[] = [];
    const { advance } = timed((context) => {
      for (const [name, interval] of [
        ["a", 5],
        ["b", 3],
        ["c", 5],
        ["d", 3],
      ] as const)
        context.schedule(interval, "wallClockTime", () => order.push(name));
    });
    advance(5);
    expect(order).toEqual(["b", "d", "a", "c"]);
  });

  test("may be set and ended from within their call", () => {
    const order: string[] = [];
    const { advance } = timed((context) => {
      const first = context.schedule(10, "wallClockTime", (time) => {
        order.push(`first ${time}`);
        first[Symbol.dispose]();
        context.schedule({ interval: 10, startTime: time }, "wallClockTime", (t) =>
          order.push(`second ${t}`),
        );
      });
    });
    advance(10);
    expect(order).toEqual(["first 10", "second 10"]);
    advance(10);
    expect(order).toEqual(["first 10", "second 10", "second 20"]);
  });

  test("that were ended do not fire", () => {
    const fired: number[] = [];
    const { advance } = timed((context) => {
      using ended = context.schedule(10, "wallClockTime", (time) => fired.push(time));
      void ended;
    });
    advance(100);
    expect(fired).toEqual([]);
  });

  test("TASK-8: of a closed task never fire", async () => {
    const { task, now, fired } = firing(10, "wallClockTime");
    const closed = task.close();
    now.ms = 100;
    task.punctuate();
    await closed;
    task.punctuate();
    expect(fired).toEqual([]);
    expect(task.untilTimerMs).toBe(Infinity);
  });

  test("forward records that have a time, and neither origin nor headers", () => {
    const seen: unknown[] = [];
    const { advance, take, written } = timed((context) => {
      context.schedule(10, "wallClockTime", (time) => {
        seen.push(context.recordMetadata, context.currentStreamTimeMs());
        context.forward(recordOf("tick", String(time), time));
      });
    });
    take(500);
    advance(10);
    expect(seen).toEqual([undefined, 500]);
    expect(written).toMatchObject([{ topic: "out", timestamp: 10, headers: [], inputOffset: -1 }]);
  });

  test("leave others to the next slice once theirs is over, and records too", () => {
    const order: string[] = [];
    const now = { ms: 0 };
    const clock = { wallMs: () => 0, monotonicMs: () => now.ms };
    const { task } = taskOfProcessor({
      init: (context) => {
        for (const name of ["a", "b"])
          context.schedule(10, "streamTime", () => {
            order.push(name);
            now.ms += 25;
          });
      },
      process: ({ timestamp }) => order.push(`record ${timestamp}`),
    });
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1), at(2)]));
    const slice = new Slice(clock, 5);
    const turns: string[][] = [];
    for (let turn = 0; turn < 3; turn++) {
      slice.begin();
      task.process(10, slice);
      turns.push(order.splice(0));
    }
    expect(turns).toEqual([["record 1", "a"], ["b"], ["record 2"]]);
  });

  test.each([
    [0, "wallClockTime", "interval is 0"],
    ["soon", "wallClockTime", 'interval is "soon"'],
    [{ interval: 10, startTime: -1 }, "streamTime", "startTime is -1"],
    [10, "wallclock", 'type is "wallclock"'],
  ])("are refused: every %j by %j", (interval, type, message) => {
    const error = (() => {
      try {
        firing(interval as PunctuationInterval, type as PunctuationType);
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    expect(error).toMatchObject({ node: "processor", cause: { code: "INVALID_OPTION" } });
    expect(String(error)).toContain(message);
  });
});

describe("what a timer throws", () => {
  const failing = (config: Partial<TaskConfig>) =>
    timed((context) => {
      context.schedule(10, "wallClockTime", (time) => {
        context.forward(recordOf("k", `${time}`, time));
        throw new RangeError("asked to");
      });
    }, config);

  test("ends the task with an error that names the node", () => {
    const { advance } = failing({});
    expect(catchError(() => advance(10))).toMatchObject({
      code: "PROCESSING_FAILED",
      message: "a timer failed: asked to (node processor, task 0_0)",
      topic: undefined,
      cause: new RangeError("asked to"),
    });
  });

  test("may be passed over: it is counted, and the timer goes on", () => {
    const { advance, task, written } = failing({ onProcessingError: "continue" });
    advance(10);
    advance(10);
    expect(task.droppedRecords.value).toBe(2);
    expect(written.map(({ timestamp }) => timestamp)).toEqual([10, 20]);
  });

  test("goes to the dead letters without a topic, or bytes", () => {
    const { advance, written } = failing({
      onProcessingError: "continue",
      deadLetterTopic: "dead",
    });
    advance(10);
    const letter = written.find(({ topic }) => topic === "dead");
    expect(letter).toMatchObject({ timestamp: 10, value: null });
    const headers = letter?.headers.map(([name, value]) => [
      name.replace("__streams.errors.", ""),
      value === null ? null : decodeUtf8(value),
    ]);
    expect(headers?.filter(([name]) => name !== "stacktrace")).toEqual([
      ["exception", "RangeError"],
      ["message", "asked to"],
      ["topic", null],
      ["partition", "-1"],
      ["offset", "-1"],
    ]);
  });

  test("a promise is refused", () => {
    const { advance } = timed((context) => {
      context.schedule(10, "wallClockTime", (async () => {}) as () => void);
    });
    expect(catchError(() => advance(10))).toMatchObject({
      cause: { code: "CALLBACK_GAVE_PROMISE" },
    });
  });
});

describe("what a timer writes", () => {
  const writing = () =>
    timed((context) => {
      context.schedule(10, "wallClockTime", (time) =>
        context.forward(recordOf("k", `${time}`, time)),
      );
    });

  test("is something to commit, with the offsets as they are", () => {
    const { task, take, advance } = writing();
    advance(10);
    expect(task.needsCommit).toBe(true);
    expect(task.committableOffsets()).toEqual([]);
    task.markCommitted();
    expect(task.needsCommit).toBe(false);
    take(1);
    task.committableOffsets();
    task.markCommitted();
    advance(10);
    expect(task.committableOffsets()).toMatchObject([{ topic: "a", offset: 2 }]);
  });

  test("waits while the collector has no room", () => {
    const { task, collector, now, written } = writing();
    now.ms = 10;
    collector.hasRoom = false;
    const slice = new Slice({ wallMs: () => 0, monotonicMs: () => 0 }, 5);
    task.punctuate(slice);
    expect(written).toEqual([]);
    expect(task.untilTimerMs).toBe(0);
    collector.hasRoom = true;
    task.punctuate(slice);
    expect(written).toHaveLength(1);
  });
});

test("a processor's request is seen where there is something to commit", () => {
  const { task } = taskOfProcessor({
    init: (context) => context.commit(),
    process: () => {},
  });
  task.initialize();
  expect(task.isCommitRequested).toBe(false);
  task.addBatch(batchOf("a", 0, [at(1)]));
  task.process(1);
  expect(task.isCommitRequested).toBe(true);
  task.committableOffsets();
  task.markCommitted();
  expect(task.isCommitRequested).toBe(false);
});

test("processors of a task share what its scope holds, and tasks do not", () => {
  const key = {};
  const values: unknown[] = [];
  for (let task = 0; task < 2; task++) {
    taskOfProcessor({
      init: ({ taskScope }) =>
        values.push(
          taskScope.shared(key, () => ({ task })),
          taskScope.shared(key, () => ({ task: -1 })),
          taskScope.shared({}, () => "another key's"),
        ),
      process: () => {},
    }).task.initialize();
  }
  expect(values).toEqual([
    { task: 0 },
    { task: 0 },
    "another key's",
    { task: 1 },
    { task: 1 },
    "another key's",
  ]);
  expect(values[0]).toBe(values[1]);
});
