import * as fc from "fast-check";
import { expect, test } from "vitest";

import { PartitionGroup } from "./partition-group.ts";
import type { RecordQueue } from "./record-queue.ts";

function queueAt(headTimestamp: number): RecordQueue {
  return { headTimestamp } as RecordQueue;
}

test("TASK-5: the lowest head comes first, whatever the order in which queues were offered", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
      const group = new PartitionGroup();
      for (const time of times) group.offer(queueAt(time));
      const taken: number[] = [];
      for (let next = group.poll(); next !== undefined; next = group.poll())
        taken.push(next.headTimestamp);
      expect(taken).toEqual(times.toSorted((left, right) => left - right));
    }),
  );
});

test("two queues of equal time take turns", () => {
  const group = new PartitionGroup();
  const [left, right] = [queueAt(1), queueAt(1)];
  group.offer(left);
  group.offer(right);
  const taken: RecordQueue[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const next = group.poll();
    if (next === undefined) break;
    taken.push(next);
    group.offer(next);
  }
  expect(taken.map((queue) => queue === left)).toEqual([true, false, true, false]);
});
