import { string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { at, batchOf, taskOn } from "../../test-support/task-of.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { StreamPartitioner } from "../topology/topology-node.ts";
import type { RecordCollector } from "./record-collector.ts";

/** What a sink of four partitions appends for one record, and how many records are dropped. */
function sentBy(partitioner: StreamPartitioner): {
  readonly sent: readonly string[];
  readonly dropped: number;
} {
  const sent: string[] = [];
  const collector: RecordCollector = {
    hasRoom: true,
    topic: (topic) => ({
      partitionCount: 4,
      append: () => sent.push(`${topic} by key`),
      partition: (partition) => {
        if (partition >= 4) throw new Error(`no partition ${partition}`);
        return { append: () => sent.push(`${topic}-${partition}`) };
      },
    }),
    partition: () => ({ append: () => {} }),
  };
  const builder = new StreamsBuilder();
  builder.stream("a", { key: string(), value: string() }).to("out", { partitioner });
  const { task } = taskOn(builder.build().merged("app"), {}, { collector });
  task.initialize();
  task.addBatch(batchOf("a", 0, [at(0)]));
  try {
    task.process(1);
  } catch (error) {
    throw Object.assign(error as Error, { sent });
  }
  return { sent, dropped: task.droppedRecords.value };
}

describe("a sink with a partitioner", () => {
  test("writes to the one that it chose", () => {
    expect(sentBy(() => 3)).toEqual({ sent: ["out-3"], dropped: 0 });
  });

  test("writes to each of several, once", () => {
    expect(sentBy(() => [2, 0, 2])).toEqual({ sent: ["out-2", "out-0"], dropped: 0 });
  });

  test("drops and counts a record for which it chose none", () => {
    expect(sentBy(() => [])).toEqual({ sent: [], dropped: 1 });
  });

  test("goes by the key where it chose nothing", () => {
    expect(sentBy(() => undefined)).toEqual({ sent: ["out by key"], dropped: 0 });
  });

  test.for<unknown>([null, "1", 1.5, Number.NaN, -1, {}, [0, -1], [0, "1"], [0, null]])(
    "refuses what is no partition: %j",
    (choice) => {
      expect(() => sentBy((() => choice) as never)).toThrow(
        expect.objectContaining({
          code: "PROCESSING_FAILED",
          cause: expect.objectContaining({ code: "CALLBACK_GAVE_NO_PARTITION" }) as unknown,
          sent: [],
        }),
      );
    },
  );

  test("writes to none where one of several is not there", () => {
    expect(() => sentBy(() => [0, 4])).toThrow(expect.objectContaining({ sent: [] }));
  });

  test("is shown value, key, the number of partitions and the topic", () => {
    const shown: unknown[] = [];
    sentBy((...given) => shown.push(given) - 1);
    expect(shown).toEqual([["v", "k", 4, "out"]]);
  });
});
