import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { Turns } from "../server/turns.ts";
import { type AcknowledgeWorld, takeAcknowledgements } from "./share-acknowledgements.ts";

test("acknowledgements of many partitions give way to others", async () => {
  const platform = memoryPlatform();
  let looks = 0;
  // Every look at the clock takes a millisecond.
  const clock = { wallMs: () => 0, monotonicMs: () => looks++ };
  let yields = 0;
  const timers = {
    ...platform.timers,
    after: (_: number, callback: () => void) => {
      queueMicrotask(callback);
      return { cancel: () => {} };
    },
    yield: async () => void yields++,
    sleep: async () => {},
  };
  const asked = {
    image: { topicName: () => undefined },
    context: { turns: new Turns({ clock, timers }), apiVersion: 1 },
  };
  const world = asked as unknown as AcknowledgeWorld; // of a topic that is not there no more is asked
  const partitions = Array.from({ length: 500 }, (_, partitionIndex) => ({
    partitionIndex,
    acknowledgementBatches: [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }],
  }));
  const told = { groupId: "g", memberId: "m", topics: [{ topicId: "t", partitions }] };
  const results = await takeAcknowledgements(world, { ...told, isRenewAck: false });
  expect(results.map(({ partition }) => partition)).toEqual(partitions.map((_, index) => index));
  expect(yields).toBeGreaterThan(10);
});
