import { noHeaders } from "@millrace/model";
import { expect, test } from "vitest";

import { GuardedTracing } from "./guarded-tracing.ts";
import { silentLogger } from "./logger.ts";
import { traced, type LoopTracing } from "./tracing.ts";

const fail = (): never => {
  throw new TypeError("the tracer is broken");
};
const broken: LoopTracing = { begin: fail, within: fail, end: fail, taken: fail, sent: fail };

function guarded(loop: LoopTracing) {
  const told: string[] = [];
  const logger = { ...silentLogger, log: (_level: string, event: string) => void told.push(event) };
  return { tracing: new GuardedTracing(loop, logger), told };
}

test("work goes on, once, where a tracer throws in all that it is asked, and that is told once", () => {
  const { tracing, told } = guarded(broken);
  let runs = 0;
  const result = traced(tracing, "process", () => {
    tracing.taken({ topic: "in", partition: 0, offset: 0, headers: noHeaders });
    expect(tracing.sent("out", noHeaders)).toBe(noHeaders);
    return ++runs;
  });
  expect([result, runs]).toEqual([1, 1]);
  expect(told).toEqual(["platform.tracing-failed"]);
});

test("what the work throws is the work's, also where the tracer throws after it", () => {
  const after: LoopTracing = {
    ...broken,
    within: (work) => {
      work();
      return fail();
    },
  };
  const { tracing } = guarded(after);
  let runs = 0;
  const work = () => {
    runs += 1;
    throw new RangeError("the work failed");
  };
  expect(() => traced(tracing, "commit", work)).toThrow("the work failed");
  expect(runs).toBe(1);
});
