import { errorCodeOf } from "@millrace/protocol";
import { expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";

const folder = "/data/__consumer_offsets-0";

test("where compaction has left the first segment empty, the file that is damaged is told", () => {
  const world = brokerWorld({
    properties: {
      "offsets.topic.num.partitions": 1,
      "offsets.topic.segment.bytes": 1000,
      "log.cleaner.backoff.ms": 100,
      "log.cleaner.min.cleanable.ratio": 0.01,
    },
  });
  const run = async () => {
    const first = await world.start();
    await first.client.createTopic("t");
    for (let offset = 0; offset < 50; offset++) await first.client.commitOffset("g", "t", offset);
    await world.platform.timers.sleep(1000);
    await first.broker.close();
    const logs = world.files.names(folder).filter((name) => name.endsWith(".log"));
    const sizeOf = (name: string) => world.files.read(`${folder}/${name}`).length;
    const damaged = logs.find((name) => sizeOf(name) > 0) ?? "";
    expect(sizeOf(logs[0])).toBe(0);
    world.files.flip(`${folder}/${damaged}`, 80);
    const { broker, client } = await world.start();
    expect(await client.commitOffset("g", "t", 50)).toBe(errorCodeOf("COORDINATOR_NOT_AVAILABLE"));
    const offline = world.told.find(({ event }) => event === "broker.partition-offline");
    expect(offline).toMatchObject({
      error: { message: expect.stringContaining(`${folder}/${damaged} is damaged at byte 0`) },
    });
    await broker.close();
  };
  return world.platform.until(run());
});
