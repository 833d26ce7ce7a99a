import { InvariantError } from "@millrace/model";
import { expect, test } from "vitest";
import { groupWorld } from "../../../../test-support/group-world.ts";
import { ClassicGroup } from "./classic-group.ts";
import { GroupMember } from "./group-member.ts";
import { propagateAssignment } from "./rebalance.ts";
import { rejoinStaticMember } from "./rejoin-static-member.ts";

const groupOf = () => new ClassicGroup({ groupId: "g", stateTimestamp: 0 });

function memberOf(memberId: string, groupInstanceId: string | null = null): GroupMember {
  return new GroupMember({
    memberId,
    groupInstanceId,
    clientId: "c",
    clientHost: "/127.0.0.1",
    rebalanceTimeoutMs: 1000,
    sessionTimeoutMs: 1000,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: new Uint8Array(0) }],
  });
}

const law = (id: string) => expect.objectContaining({ law: id });

test("GROUP-1: every member of a generation offers its protocol", () => {
  const member = memberOf("a");
  expect(member.metadataOf("range")).toHaveLength(0);
  expect(() => member.metadataOf("sticky")).toThrow(law("GROUP-1"));
});

test("GROUP-2: who is named as a member is one", () => {
  const group = groupOf();
  group.add(memberOf("a"));
  expect(group.member("a").memberId).toBe("a");
  expect(() => group.member("b")).toThrow(law("GROUP-2"));
});

test("GROUP-3: an instance id has one seat", () => {
  const group = groupOf();
  group.add(memberOf("a", "seat"));
  expect(() => group.add(memberOf("b", "seat"))).toThrow(law("GROUP-3"));
  group.remove("a");
  group.add(memberOf("b", "seat"));
  expect(group.staticMemberId("seat")).toBe("b");
});

test("GROUP-4: a group changes its state only along the arrows", () => {
  const group = groupOf();
  expect(() => group.transitionTo("Stable", 1)).toThrow(InvariantError);
  expect(group.state).toBe("Empty");
  for (const state of ["PreparingRebalance", "CompletingRebalance", "Stable"] as const)
    group.transitionTo(state, 1);
  expect(() => group.transitionTo("Empty", 1)).toThrow(law("GROUP-4"));
});

test("GROUP-5: assignments are given out in CompletingRebalance only", () => {
  const give = () => propagateAssignment(groupWorld(), groupOf(), { code: 0 });
  expect(give).toThrow(law("GROUP-5"));
});

test("GROUP-6: a group with a static member is not empty", () => {
  const group = groupOf();
  group.add(memberOf("a", "seat"));
  const rejoin = {
    request: {
      groupId: "g",
      memberId: "",
      groupInstanceId: "seat",
      clientId: "c",
      clientHost: "/127.0.0.1",
      principal: "User:ann",
      sessionTimeoutMs: 1000,
      rebalanceTimeoutMs: 1000,
      protocolType: "consumer",
      protocols: [],
      requiresKnownMemberId: false,
      canSkipAssignment: false,
    },
    reply: () => {},
    groupInstanceId: "seat",
    oldMemberId: "a",
    newMemberId: "b",
  };
  expect(() => rejoinStaticMember(groupWorld(), group, rejoin)).toThrow(law("GROUP-6"));
});
