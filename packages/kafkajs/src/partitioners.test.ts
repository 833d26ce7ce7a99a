import { partitionForKey } from "@millrace/model";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";

const { Partitioners } = kafkajs;
const topic = "orders";

/** Keys of all lengths to 40, of bytes of all kinds. */
const keys = Array.from({ length: 20_000 }, (_, index) =>
  Buffer.from(
    Array.from({ length: index % 41 }, (_, at) => (index * 31 + at * 17 + (index >> 3)) & 0xff),
  ),
);

function partitionsBy(partitioner: ReturnType<typeof Partitioners.DefaultPartitioner>) {
  return (key: Buffer, partitionCount: number): number =>
    partitioner({
      topic,
      partitionMetadata: Array.from({ length: partitionCount }, (_, partitionId) => ({
        partitionId,
        partitionErrorCode: 0,
        leader: 1,
        replicas: [1],
        isr: [1],
      })),
      message: { key, value: null },
    });
}

test.each([1, 2, 3, 8, 12, 50])(
  "each key has the partition that kafkajs's default partitioner gives it, of %i",
  (count) => {
    const kafkajsPartition = partitionsBy(Partitioners.DefaultPartitioner());
    const moved = keys.filter(
      (key) => partitionForKey(key, count) !== kafkajsPartition(key, count),
    );
    expect(moved).toEqual([]);
  },
);

test("kafkajs's legacy partitioner gives keys other partitions, so that a producer must name them", () => {
  const legacyPartition = partitionsBy(Partitioners.LegacyPartitioner());
  const moved = keys.filter((key) => partitionForKey(key, 12) !== legacyPartition(key, 12));
  expect(moved.length).toBeGreaterThan(keys.length / 2);
});
