import {
  heartbeatApi,
  joinGroupApi,
  offsetCommitApi,
  syncGroupApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { assignmentOf, playGroup, seatOf } from "../../test-support/play-group.ts";
import type { KafkaClient } from "../kafka-client.ts";
import { rangeAssignor } from "./assignors.ts";

const openMembership = (client: KafkaClient) =>
  client.openMembership({
    groupId: "g",
    groupInstanceId: "i",
    topics: () => ["t"],
    assignors: [rangeAssignor],
  });

describe("a member of a group, with an instance id", () => {
  test.each([
    { fate: "goes away, and comes back without it", isGone: true, memberIds: ["", "m1", "m1", ""] },
    { fate: "stays", isGone: false, memberIds: ["", "m1"] },
  ])(
    "is fenced under an id that has had no seat by a coordinator that $fate: $memberIds",
    ({ isGone, memberIds }) =>
      playGroup(async ({ broker, client }) => {
        const asked: string[] = [];
        broker.on(joinGroupApi, (request) => {
          const { memberId } = request;
          asked.push(memberId);
          if (isGone && asked.length === 2) return "close";
          const given = `m${asked.length}`;
          return { ...seatOf(request, given), errorCode: memberId === "" ? 0 : 82 };
        });
        broker.on(syncGroupApi, (request) => ({
          ...assignmentOf(request),
          errorCode: asked.length === 1 ? 27 : 0,
        }));
        const membership = openMembership(client);
        const joining = membership.join();
        if (isGone) await joining;
        else await expect(joining).rejects.toMatchObject({ code: "MEMBER_FENCED" });
        expect(asked).toEqual(memberIds);
        expect(membership.isMember).toBe(isGone);
      }),
  );

  test.each(["SyncGroup", "Heartbeat", "OffsetCommit"])(
    "may be fenced, as it is told by %s, by a join of its own that had no answer: once",
    (name) =>
      playGroup(async ({ platform, broker, client }) => {
        let fencedName: string | undefined = name;
        const codeOf = (asked: string): number => {
          if (asked !== fencedName) return 0;
          fencedName = undefined;
          return 82;
        };
        broker.on(syncGroupApi, (request) => ({
          ...assignmentOf(request),
          errorCode: codeOf("SyncGroup"),
        }));
        broker.on(heartbeatApi, () => ({ errorCode: codeOf("Heartbeat") }));
        broker.on(offsetCommitApi, () => {
          const partitions = [{ partitionIndex: 0, errorCode: codeOf("OffsetCommit") }];
          return { topics: [{ name: "t", partitions }] };
        });
        broker.loseNext("JoinGroup");
        const membership = openMembership(client);
        await membership.join();
        const offsets = [{ topic: "t", partition: 0, offset: 1 }];
        if (name === "OffsetCommit")
          await expect(membership.commit(offsets)).rejects.toMatchObject({ code: "COMMIT_FENCED" });
        if (name !== "SyncGroup") {
          while (membership.isMember) await platform.timers.sleep(100);
          await membership.join();
        }
        const ids = broker
          .of("JoinGroup")
          .map(({ body }) => (body as { memberId: string }).memberId);
        expect(ids).toEqual(["", "", ""]);
        expect(membership).toMatchObject({ isMember: true, failure: undefined });
        fencedName = "Heartbeat";
        while (membership.isMember) await platform.timers.sleep(100);
        expect(membership.failure).toMatchObject({ code: "MEMBER_FENCED" });
      }),
  );

  test.each([
    { fate: "is refused", refusal: { errorCode: 15, assignment: new Uint8Array() } },
    { fate: "has no answer", refusal: "close" as const },
  ])("keeps the id that it was given where its sync $fate", ({ refusal }) =>
    playGroup(async ({ broker, client }) => {
      const asked: string[] = [];
      broker.on(joinGroupApi, (request) => {
        const { memberId } = request;
        asked.push(memberId);
        const given = memberId === "" ? `m${asked.length}` : memberId;
        return seatOf(request, given);
      });
      let syncCount = 0;
      broker.on(syncGroupApi, (request) => (++syncCount === 1 ? refusal : assignmentOf(request)));
      const membership = openMembership(client);
      await membership.join();
      expect(asked).toEqual(["", "m1"]);
    }),
  );
});
