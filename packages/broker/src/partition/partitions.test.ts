import { defaultLogConfig } from "@millrace/log";
import { silentLogger } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { zeroUuid } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { absentLog } from "./absent-log.ts";
import { Durability } from "./durability.ts";
import { Partition } from "./partition.ts";
import { Partitions } from "./partitions.ts";

const { timers } = memoryPlatform();
const durability = new Durability("memory", timers, () => {});
const place = { topic: "orders", partition: 0, leaderEpoch: 1, config: defaultLogConfig };

test("BROKER-5: a partition is opened only if the metadata has it", async () => {
  const opened: number[] = [];
  const partitions = new Partitions({
    logs: {
      open: ({ partition }) => {
        opened.push(partition);
        return Promise.resolve(absentLog({ ...place, partition }));
      },
      isMade: () => true,
      remove: () => Promise.resolve(),
      removed: () => Promise.resolve(),
    },
    durability,
    logger: silentLogger,
    timers,
    leaderEpoch: 1,
    configOf: () => ({}),
    isTopic: () => true,
  });
  const topic = { name: "orders", topicId: zeroUuid, partitionCount: 2, properties: new Map() };
  await partitions.open(topic, 1);
  await expect(partitions.open(topic, 2)).rejects.toMatchObject({ law: "BROKER-5" });
  expect(opened).toEqual([1]);
});

test("BROKER-11: a partition gets its log once", () => {
  const partition = Partition.unwritten(place, zeroUuid, durability);
  partition.attach(absentLog(place));
  expect(partition.isMade).toBe(true);
  expect(() => partition.attach(absentLog(place))).toThrow(
    expect.objectContaining({ law: "BROKER-11" }),
  );
});
