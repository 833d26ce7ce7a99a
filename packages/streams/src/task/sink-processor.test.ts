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
      partition: (partition) => ({ append: () => sent.push(`${topic}-${partition}`) }),
    }),
    partition: () => ({ append: () => {} }),
  };
  const builder = new StreamsBuilder();
  builder.stream("a", { key: string(), value: string() }).to("out", { partitioner });
  const { task } = taskOn(builder.build().merged("app"), {}, { collector });
  task.initialize();
  task.addBatch(batchOf("a", 0, [at(0)]));
  task.process(1);
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

  test("is shown value, key, the number of partitions and the topic", () => {
    const shown: unknown[] = [];
    sentBy((...given) => shown.push(given) - 1);
    expect(shown).toEqual([["v", "k", 4, "out"]]);
  });
});
