import { encodeUtf8, noHeaders, partitionForKey } from "@millrace/model";
import { ClusterError, type BatchWriter, type PartitionWriter } from "@millrace/cluster";
import { expect, test } from "vitest";

import { StreamsError } from "../error/streams-error.ts";
import { unknownInput } from "../processor/unknown-input.ts";
import { TaskRecordContext } from "./task-record-context.ts";
import { WriteOrigins } from "./write-origins.ts";
import { ClusterRecordCollector } from "./cluster-record-collector.ts";

/** As much of a writer as a collector uses, with four partitions in every topic but `absent`. */
function writerTo(written: { topic: string; partition: number }[]): BatchWriter {
  const partition = (topic: string, index: number): PartitionWriter => ({
    appendedCount: 0,
    topic,
    partition: index,
    append: () => {
      written.push({ topic, partition: index });
      return true;
    },
  });
  const writer: Pick<BatchWriter, "hasRoom" | "partition" | "partitionCount"> = {
    hasRoom: true,
    partition,
    partitionCount: (topic) => (topic === "absent" ? undefined : 4),
  };
  return writer as BatchWriter;
}

function collectorOf(
  writer: BatchWriter,
  context = new TaskRecordContext(),
): ClusterRecordCollector {
  return new ClusterRecordCollector({ writer, context, origins: new WriteOrigins() });
}

test("a key goes to the partition that Kafka's partitioner gives it", () => {
  const written: { topic: string; partition: number }[] = [];
  const collector = collectorOf(writerTo(written));
  const keys = ["a", "b", "c", "d", "e"].map(encodeUtf8);
  for (const key of keys) collector.topic("out").append(0, key, null, noHeaders);
  expect(written.map(({ partition }) => partition)).toEqual(
    keys.map((key) => partitionForKey(key, 4)),
  );
});

test("a task takes no more of a topic's partitions than it writes to", () => {
  const written: { topic: string; partition: number }[] = [];
  const asked: number[] = [];
  const inner = writerTo(written);
  const partition = (topic: string, index: number): PartitionWriter => {
    asked.push(index);
    return inner.partition(topic, index);
  };
  const appender = collectorOf({ ...inner, partition }).topic("out");
  for (let count = 0; count < 3; count++)
    appender.append(0, encodeUtf8("a"), encodeUtf8("x"), noHeaders);
  expect(asked).toEqual([partitionForKey(encodeUtf8("a"), 4)]);
});

test("records without a key stay with a partition for a while, and reach all of them", () => {
  const written: { topic: string; partition: number }[] = [];
  const appender = collectorOf(writerTo(written)).topic("out");
  const value = new Uint8Array(1024);
  for (let count = 0; count < 100; count++) appender.append(0, null, value, noHeaders);
  const changes = written.filter(
    ({ partition }, index) => index > 0 && partition !== written[index - 1].partition,
  );
  expect(new Set(written.map(({ partition }) => partition)).size).toBe(4);
  expect(changes.length).toBeLessThan(8);
});

test("a topic that was not prepared, and a partition that is not there, are errors", () => {
  const collector = collectorOf(writerTo([]));
  expect(() => collector.topic("absent")).toThrow(StreamsError);
  expect(() => collector.topic("out").partition(4)).toThrow(
    expect.objectContaining({
      code: "CALLBACK_GAVE_NO_PARTITION",
      message: expect.stringContaining("4 for a partition of topic out; return one from 0 to 3"),
    }),
  );
});

test("a topic that is not there is told with the sink, and the record that it was chosen for", () => {
  const context = new TaskRecordContext();
  const collector = collectorOf(writerTo([]), context);
  expect(() => collector.topic("absent", "out-sink")).toThrow(/absent .*\(node out-sink\)$/);
  Object.assign(context, { topic: "in", partition: 2, offset: 7 });
  expect(() => collector.topic("absent", "out-sink")).toThrow(
    /absent .*\(node out-sink, record in-2 at offset 7\)$/,
  );
});

test("a record beyond the writer's bound is told with its input, unless that is not the one under way", () => {
  const inner = writerTo([]);
  const partition = (topic: string, index: number): PartitionWriter => ({
    ...inner.partition(topic, index),
    append: () => {
      throw new ClusterError("RECORD_TOO_LARGE", "too large");
    },
  });
  const context = new TaskRecordContext();
  const collector = collectorOf({ ...inner, partition }, context);
  const inputs: string[] = [];
  collector.reportTo({ onRefused: ({ inputTopic }) => inputs.push(inputTopic) });
  const appender = collector.topic("out");
  context.topic = "in";
  appender.append(0, null, null, noHeaders);
  context.input = unknownInput;
  appender.append(0, null, null, noHeaders);
  expect(inputs).toEqual(["in", ""]);
});
