import { memoryPlatform } from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
import { zeroUuid } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { FetchSessions } from "./fetch-sessions.ts";

const target = (partition: number) => ({
  topic: "t",
  topicId: zeroUuid,
  partition,
  fetchOffset: 0,
  maxBytes: 1,
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
});
const targets = (count: number) => Array.from({ length: count }, (_, index) => target(index));

test("sessions have a bound of partitions together; one that was not used for long gives way", async () => {
  const platform = memoryPlatform({ drain: drainTurn });
  const sessions = new FetchSessions(10, platform, 100);
  sessions.create(false, 60)?.update(targets(60), []);
  expect(sessions.create(false, 41)).toBeUndefined();
  expect(sessions.hasRoomFor(40)).toBe(true);
  expect(sessions.hasRoomFor(41)).toBe(false);
  const other = sessions.create(false, 40);
  other?.update(targets(40), []);
  expect(sessions.size).toBe(2);
  await platform.until(platform.timers.sleep(130_000));
  if (other !== undefined) sessions.touch(other);
  expect(sessions.create(false, 101)).toBeUndefined();
  expect(sessions.size).toBe(2);
  expect(sessions.create(false, 60)).toBeDefined();
  expect(sessions.size).toBe(2);
});
