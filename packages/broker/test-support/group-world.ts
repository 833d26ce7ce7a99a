import { memoryPlatform } from "@millrace/platform/memory";
import { defaultConsumerGroupConfig } from "../src/coordinator/group/consumer/consumer-config.ts";
import { GroupBound } from "../src/coordinator/group/group-bound.ts";
import { defaultGroupConfig } from "../src/coordinator/group/group-config.ts";
import { GroupTimers } from "../src/coordinator/group/group-timers.ts";
import type { GroupWorld } from "../src/coordinator/group/group-world.ts";
import { CommittedOffsets } from "../src/coordinator/group/offsets/committed-offsets.ts";
import { defaultShareGroupConfig } from "../src/coordinator/group/share/share-config.ts";
import { defaultStreamsGroupConfig } from "../src/coordinator/group/streams/streams-config.ts";
import type { VersionedTopics } from "../src/coordinator/topic-lookup.ts";
import { MemoryTopics } from "./memory-topics.ts";

/** A partition of `__consumer_offsets` without a log: what requests find in it is what a test has put there. */
export function groupWorld(topics: VersionedTopics = new MemoryTopics()): GroupWorld {
  const platform = memoryPlatform();
  const { clock, random } = platform;
  return {
    clock,
    random,
    timers: new GroupTimers({ schedule: () => {}, cancel: () => {}, isScheduled: () => false }),
    configs: {
      classic: defaultGroupConfig,
      consumerOf: () => defaultConsumerGroupConfig,
      shareOf: () => defaultShareGroupConfig,
      streamsOf: () => defaultStreamsGroupConfig,
    },
    topics,
    ...new GroupBound(100, platform).groupsOf(0),
    offsets: new CommittedOffsets(),
    codeOfFailure: () => 0,
  };
}
