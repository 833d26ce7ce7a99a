import { encodeVersioned } from "@millrace/protocol";
import { consumerProtocolSubscription } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { arrived, joinConsumerBeat } from "../../../test-support/consumer-member-script.ts";
import { joinRequest } from "../../../test-support/group-member-script.ts";
import { groupWorld } from "../../../test-support/group-world.ts";
import { errorCode } from "../error-code.ts";
import { joinGroup } from "./classic/join-group.ts";
import { ConsumerGroup } from "./consumer/consumer-group.ts";
import { consumerHeartbeat } from "./consumer/consumer-heartbeat.ts";
import { newMember } from "./consumer/consumer-member.ts";
import type { GroupWorld } from "./group-world.ts";
import { ShareGroup } from "./share/share-group.ts";
import { shareHeartbeat } from "./share/share-heartbeat.ts";
import { newShareMember } from "./share/share-member.ts";

const names = Array.from({ length: 10_000 }, (_, index) => `t${index}`);
const metadata = { ...newMember("").metadata, subscribedTopicNames: names };

/** A consumer group and a share group, of which a user's members name so many times 10,000 topics. */
function worldOf(namings: Readonly<Record<string, number>>): GroupWorld {
  const world = groupWorld();
  const consumers = new ConsumerGroup("c");
  const sharers = new ShareGroup("s");
  world.groups.set("c", consumers).set("s", sharers);
  for (const [principal, count] of Object.entries(namings))
    for (let n = 0; n < count; n++) {
      const memberId = `${principal}${n}`;
      world.names.take({ groupId: n % 2 === 0 ? "c" : "s", memberId, principal }, 0, names.length);
      if (n % 2 === 0) consumers.setMember({ ...newMember(memberId), metadata });
      else
        sharers.setMember({
          ...newShareMember(memberId),
          metadata: { ...newShareMember("").metadata, subscribedTopicNames: names },
        });
    }
  return world;
}

const client = (principal: string) => ({ clientId: "c", clientHost: "/1", principal });

function joinConsumers(world: GroupWorld, memberId: string, principal: string): void {
  const request = arrived(joinConsumerBeat(memberId, names, { groupId: "c" }));
  consumerHeartbeat(world, request, { ...client(principal), mayDescribe: () => true });
}

function joinSharers(world: GroupWorld, memberId: string, principal: string): void {
  const request = { groupId: "s", memberId, memberEpoch: 0, rackId: null };
  shareHeartbeat(world, { ...request, subscribedTopicNames: names }, client(principal));
}

function joinClassic(world: GroupWorld, topics: readonly string[], principal: string): number {
  const subscription = { topics: [...topics], ownedPartitions: [] };
  const bytes = encodeVersioned(consumerProtocolSubscription, 1, subscription);
  const protocols = [{ name: "range", metadata: bytes }];
  let code = errorCode.none;
  const request = joinRequest({ groupId: "c", requiresKnownMemberId: false, protocols, principal });
  joinGroup(world, request, (answer) => (code = answer.errorCode));
  return code;
}

const room = { errorCode: errorCode.groupMaxSizeReached };

test("the members of a user name half of what all may: others have the rest", () => {
  const world = worldOf({ "User:eve": 50 });
  const refused = { ...room, message: expect.stringContaining("User:eve name 500000 topics") };
  expect(() => joinConsumers(world, "one more", "User:eve")).toThrow(
    expect.objectContaining(refused),
  );
  expect(() => joinSharers(world, "one more", "User:eve")).toThrow(
    expect.objectContaining(refused),
  );
  expect(joinClassic(world, names, "User:eve")).toBe(room.errorCode);
  joinConsumers(world, "ann's", "User:ann");
  joinSharers(world, "ann's", "User:ann");
  expect(joinClassic(world, names, "User:ann")).toBe(errorCode.none);
});

test("a member that says again what it reads takes no more room", () => {
  const world = worldOf({ "User:eve": 50, "User:ann": 50 });
  for (const user of ["User:eve", "User:ann"]) {
    joinConsumers(world, `${user}0`, user);
    joinSharers(world, `${user}1`, user);
  }
  expect(() => joinConsumers(world, "bob's", "User:bob")).toThrow(expect.objectContaining(room));
});

test("whose members have left has room again", () => {
  const world = worldOf({ "User:eve": 50 });
  const [consumers] = world.groups.values();
  if (consumers instanceof ConsumerGroup) consumers.removeMember("User:eve4");
  joinSharers(world, "another", "User:eve");
});

test("a member of the classic protocol in a consumer group names no more than any other", () => {
  const world = worldOf({ "User:ann": 1 });
  expect(joinClassic(world, [...names, "one more"], "User:ann")).toBe(errorCode.invalidRequest);
});

test("members that have left are not remembered for ever", () => {
  const world = groupWorld();
  const group = new ConsumerGroup("c");
  world.groups.set("c", group);
  const few = { ...metadata, subscribedTopicNames: ["t"] };
  for (let n = 0; n < 5000; n++) {
    const memberId = `m${n}`;
    world.names.take({ groupId: "c", memberId, principal: "User:ann" }, 0, 1);
    group.setMember({ ...newMember(memberId), metadata: few });
    if (n >= 10) group.removeMember(memberId);
  }
  expect(world.names.countOf("User:ann")).toBe(10);
  expect(world.names.rememberedCount).toBeLessThan(1100);
});
