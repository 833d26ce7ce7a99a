import * as fc from "fast-check";
import { expect, test } from "vitest";

import { decodePartitionMetadata, encodePartitionMetadata } from "./partition-metadata.ts";
import { topicMarks, topicsUnlike } from "./topic-marks.ts";

const none = { partitionTime: -1, processorMetadata: new Map() };

test("TASK-7: a partition's time survives in the text beside its offset, and numbers by name do", () => {
  const numbers = fc
    .array(fc.tuple(fc.string(), fc.integer({ min: -1, max: 2 ** 48 })))
    .map((entries) => new Map(entries));
  fc.assert(
    fc.property(
      fc.integer({ min: -1, max: 2 ** 48 }),
      numbers,
      (partitionTime, processorMetadata) => {
        const metadata = { partitionTime, processorMetadata };
        expect(decodePartitionMetadata(encodePartitionMetadata(metadata).text)).toEqual(metadata);
      },
    ),
  );
});

// What Kafka's own TopicPartitionMetadata writes, and reads.
test.each([
  ["AgAAAYvP5WgA", 1_700_000_000_000, {}],
  [
    "AgAAAYvP5WgAAAAAAgAAABNpZDpjb3VudHMtY2hhbmdlbG9nAAAAAP////8AAAAVaWQ6Y291bnRzLXJlcGFydGl0aW9uAAAAAAAAAAc=",
    1_700_000_000_000,
    { "id:counts-changelog": 0xffff_ffff, "id:counts-repartition": 7 },
  ],
])("TASK-7: %s is Kafka's own", (text, partitionTime, numbers) => {
  const metadata = { partitionTime, processorMetadata: new Map(Object.entries(numbers)) };
  expect(encodePartitionMetadata(metadata)).toEqual({ text, leftOut: [] });
  expect(decodePartitionMetadata(text)).toEqual(metadata);
});

test("what others commit beside an offset is no metadata, and does no harm", () => {
  for (const text of [undefined, "", "no metadata of ours", "AAAA", "====", "AwAAAYvP5WgA"])
    expect(decodePartitionMetadata(text)).toEqual(none);
  const cutShort = [..."AgAAAYvP5WgAAAAAAgAAABNpZDpjb3VudHMtY2hhbmdlbG9nAAAAAP////8="];
  for (let length = 16; length < cutShort.length; length += 4)
    expect(decodePartitionMetadata(cutShort.slice(0, length).join(""))).toEqual({
      partitionTime: 1_700_000_000_000,
      processorMetadata: new Map(),
    });
  // A name of less than no bytes, two billion times.
  expect(decodePartitionMetadata("AgAAAYvP5WgAf////////////////w==").processorMetadata.size).toBe(
    0,
  );
});

test("a mark tells a topic from another one of its name, and says nothing of one that it does not know", () => {
  const marks = topicMarks("app", new Map([["app-counts-changelog", "one"]]));
  expect([...marks.keys()]).toEqual(["id:counts-changelog"]);
  const unlike = (ids: Readonly<Record<string, string>>): readonly string[] =>
    topicsUnlike(marks, "app", new Map(Object.entries(ids)));
  expect(unlike({ "app-counts-changelog": "one", "app-new-changelog": "two" })).toEqual([]);
  expect(unlike({ "app-counts-changelog": "other" })).toEqual(["app-counts-changelog"]);
  expect(topicsUnlike(new Map(), "app", new Map([["app-counts-changelog", "one"]]))).toEqual([]);
});

test("of more than fits beside an offset the first are committed, and the others are named", () => {
  const times = Array.from({ length: 40 }, (_, index): [string, number] => [
    `KSTREAM-AGGREGATE-${String(index).padStart(10, "0")}-stream-time`,
    index,
  ]);
  const topics = Array.from({ length: 200 }, (_, index) => `app-${"s".repeat(200)}-${index}`);
  const marks = topicMarks("app", new Map(topics.map((name) => [name, name])));
  expect(marks.size).toBe(200);
  const processorMetadata = new Map([...times, ...marks]);
  const { text, leftOut } = encodePartitionMetadata({ partitionTime: 7, processorMetadata });
  expect(text.length).toBeLessThanOrEqual(4096);
  const read = decodePartitionMetadata(text);
  expect(read.partitionTime).toBe(7);
  expect([...read.processorMetadata].slice(0, 40)).toEqual(times);
  expect(leftOut.length).toBeGreaterThan(150);
  expect([...read.processorMetadata.keys(), ...leftOut]).toEqual([...processorMetadata.keys()]);
});
