import { expect, test } from "vitest";
import { ConsumerGroup } from "./consumer-group.ts";
import { newMember } from "./consumer-member.ts";

/** A member of topics, and how often it was asked for them. */
function memberOf(memberId: string, topics: readonly string[], regex = "") {
  const counted = { reads: 0 };
  const member = newMember(memberId);
  const metadata = {
    ...member.metadata,
    subscribedTopicRegex: regex,
    get subscribedTopicNames() {
      counted.reads++;
      return [...topics];
    },
  };
  return { counted, member: { ...member, metadata } };
}

test("which topics a group reads is known, however many offsets are looked at: no member is asked", () => {
  const group = new ConsumerGroup("g");
  const { member, counted } = memberOf("a", ["orders"]);
  group.setMember(member);
  counted.reads = 0;
  for (let count = 0; count < 100; count++) {
    expect(group.isSubscribedTo("orders")).toBe(true);
    expect(group.isSubscribedTo("clicks")).toBe(false);
  }
  expect(counted.reads).toBe(0);
});

test("a group reads what its members say, and their patterns find, at the moment", () => {
  const group = new ConsumerGroup("g");
  group.setMember(memberOf("a", ["orders"]).member);
  expect(group.isSubscribedTo("orders")).toBe(true);
  group.setMember(memberOf("a", ["clicks"], "l.*").member);
  expect([group.isSubscribedTo("orders"), group.isSubscribedTo("clicks")]).toEqual([false, true]);
  group.setPattern("l.*", { version: 1, timestamp: 1, topics: new Set(["logs"]) });
  expect(group.isSubscribedTo("logs")).toBe(true);
  group.setPattern("l.*", null);
  expect(group.isSubscribedTo("logs")).toBe(false);
  group.removeMember("a");
  expect(group.isSubscribedTo("clicks")).toBe(false);
});
