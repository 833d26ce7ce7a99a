import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { ConsumerGroup } from "./consumer/consumer-group.ts";
import { newMember } from "./consumer/consumer-member.ts";
import { GroupBound } from "./group-bound.ts";
import { ShareGroup } from "./share/share-group.ts";
import { newShareMember } from "./share/share-member.ts";

const names = Array.from({ length: 10_000 }, (_, index) => `t${index}`);

test("members of all groups name a million topics together, and have room again once some have left", () => {
  const bound = new GroupBound(10, memoryPlatform());
  const consumers = new ConsumerGroup("c");
  const sharers = new ShareGroup("s");
  bound.groupsOf(0).set("c", consumers);
  bound.groupsOf(1).set("s", sharers);
  const told = { ...newMember("").metadata, subscribedTopicNames: names };
  const shared = { ...newShareMember("").metadata, subscribedTopicNames: names };
  for (let n = 0; n < 50; n++) {
    expect(bound.admitsNames(names.length)).toBe(true);
    consumers.setMember({ ...newMember(`m${n}`), metadata: told });
    sharers.setMember({ ...newShareMember(`m${n}`), metadata: shared });
  }
  expect(bound.admitsNames(1)).toBe(false);
  expect(bound.admitsNames(0)).toBe(true);
  // The same member again takes no more room.
  consumers.setMember({ ...newMember("m0"), metadata: told });
  sharers.removeMember("m7");
  expect(bound.admitsNames(names.length)).toBe(true);
  expect(bound.admitsNames(names.length + 1)).toBe(false);
});
