import type { GroupMembership, PartitionAssignor } from "@millrace/cluster";
import {
  heartbeatApi,
  joinGroupApi,
  offsetCommitApi,
  syncGroupApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { isHeld } from "../../../platform/test-support/is-held.ts";
import { playGroup, seatOf } from "../../test-support/play-group.ts";
import type { KafkaClient } from "../kafka-client.ts";
import { rangeAssignor } from "./assignors.ts";
import { cooperativeStickyAssignor } from "./cooperative-sticky-assignor.ts";

const metadataTooLarge = 12;
const loading = 14;

async function join(
  client: KafkaClient,
  assignor: PartitionAssignor = rangeAssignor,
): Promise<GroupMembership> {
  const membership = client.openMembership({
    groupId: "g",
    topics: () => ["t"],
    assignors: [assignor],
    sessionTimeoutMs: 9000,
    heartbeatIntervalMs: 1000,
  });
  await membership.join();
  return membership;
}

describe("a member of a group", () => {
  test("CLIENT-4: is none any more before the group may have given its partitions away", () =>
    playGroup(async ({ platform, broker, client }) => {
      const membership = await join(client);
      await platform.timers.sleep(5000);
      expect(membership.isMember).toBe(true);
      let toldMs = 0;
      membership.onChange(() => {
        toldMs = platform.clock.monotonicMs();
      });
      // The coordinator counts the session from the last heartbeat that it has answered.
      const heardMs = platform.clock.monotonicMs();
      broker.on(heartbeatApi, () => "silence");
      await platform.timers.sleep(30_000);
      expect(membership.isMember).toBe(false);
      expect(membership.needsJoin).toBe(true);
      expect(toldMs - heardMs).toBeLessThanOrEqual(9000);
    }));

  test("that leads asks for a new assignment when the partitions of a topic have changed, once", () =>
    playGroup(async ({ platform, cluster, broker, client }) => {
      const membership = await join(client);
      await platform.timers.sleep(25_000);
      expect(membership.needsJoin).toBe(false);
      cluster.topics.set("t", { name: "t", topicId: "AAAAAAAAAAAAAAAAAAAABA", leaders: [1, 1] });
      await platform.timers.sleep(11_000);
      expect(membership.needsJoin).toBe(true);
      const { partitions } = await membership.join();
      expect(partitions).toHaveLength(2);
      await platform.timers.sleep(25_000);
      expect(membership.needsJoin).toBe(false);
      expect(broker.of("JoinGroup")).toHaveLength(2);
    }));

  test("commits in the order of the calls, though the coordinator has the first one wait", () =>
    playGroup(async ({ broker, client }) => {
      const membership = await join(client);
      const committed: number[] = [];
      let isLoading = true;
      broker.on(offsetCommitApi, ({ topics: [{ partitions }] }) => {
        const errorCode = isLoading ? loading : 0;
        isLoading = false;
        if (errorCode === 0) committed.push(partitions[0].committedOffset);
        return {
          topics: [{ name: "t", partitions: [{ partitionIndex: 0, errorCode }] }],
        };
      });
      const commit = (offset: number) => membership.commit([{ topic: "t", partition: 0, offset }]);
      await Promise.all([commit(5), commit(10)]);
      expect(committed).toEqual([5, 10]);
    }));

  test("that gives up a commit while an earlier one is under way leaves the next one behind that", () =>
    playGroup(async ({ platform, broker, client }) => {
      const membership = await join(client);
      const committed: number[] = [];
      let isLoading = true;
      broker.on(offsetCommitApi, ({ topics: [{ partitions }] }) => {
        const errorCode = isLoading ? loading : 0;
        if (errorCode === 0) committed.push(partitions[0].committedOffset);
        return {
          topics: [{ name: "t", partitions: [{ partitionIndex: 0, errorCode }] }],
        };
      });
      const commit = (offset: number, signal?: AbortSignal) =>
        membership.commit([{ topic: "t", partition: 0, offset }], signal);
      const giving = new AbortController();
      const commits = [commit(5), commit(7, giving.signal), commit(10)];
      giving.abort(new Error("given up"));
      await expect(commits[1]).rejects.toThrow("given up");
      await platform.timers.sleep(200);
      isLoading = false;
      await Promise.all([commits[0], commits[2]]);
      expect(committed).toEqual([5, 10]);
    }));

  test("holds what became of no commit, however many it makes", async () => {
    const refusals: WeakRef<object>[] = [];
    const memberships: GroupMembership[] = [];
    await playGroup(async ({ broker, client }) => {
      const membership = await join(client);
      memberships.push(membership);
      broker.on(offsetCommitApi, () => ({
        topics: [{ name: "t", partitions: [{ partitionIndex: 0, errorCode: metadataTooLarge }] }],
      }));
      for (let offset = 1; offset <= 2; offset++)
        await membership
          .commit([{ topic: "t", partition: 0, offset }])
          .catch((error: Error) => void refusals.push(new WeakRef(error)));
    });
    expect(refusals).toHaveLength(2);
    expect(await isHeld(refusals[0])).toBe(false);
    expect(memberships).toHaveLength(1);
  });

  test("that leads watches the topics of all members, however long nothing happens", () =>
    playGroup(async ({ platform, cluster, client }) => {
      const membership = await join(client);
      await platform.timers.sleep(3_600_000);
      expect(membership.needsJoin).toBe(false);
      cluster.topics.set("t", { name: "t", topicId: "AAAAAAAAAAAAAAAAAAAABA", leaders: [1, 1] });
      await platform.timers.sleep(11_000);
      expect(membership.needsJoin).toBe(true);
    }));

  test.each([
    { errorCode: 22, code: "COMMIT_FENCED", failure: undefined },
    { errorCode: 25, code: "COMMIT_FENCED", failure: undefined },
    { errorCode: 82, code: "MEMBER_FENCED", failure: "MEMBER_FENCED" },
  ])(
    "that hears from a commit that it is none is none at once (error $errorCode)",
    ({ errorCode, code, failure }) =>
      playGroup(async ({ broker, client }) => {
        broker.on(offsetCommitApi, ({ topics }) => ({
          topics: topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
          })),
        }));
        const membership = await join(client);
        let isTold = false;
        membership.onChange(() => {
          isTold = true;
        });
        await expect(
          membership.commit([{ topic: "t", partition: 0, offset: 1 }]),
        ).rejects.toMatchObject({ code });
        expect(membership.isMember).toBe(false);
        expect(isTold).toBe(true);
        expect(membership.failure === undefined ? undefined : code).toBe(failure);
      }),
  );

  test.each([22, 25, 82])(
    "that was forgotten while it committed does not commit what it lost under its next seat (error %i)",
    (errorCode) =>
      playGroup(async ({ platform, broker, client }) => {
        let generationId = 0;
        broker.on(joinGroupApi, (request) => {
          const memberId = `member-${++generationId}`;
          return { ...seatOf(request, memberId), generationId };
        });
        // It hears that it is forgotten, and joins, while the commit is to be tried again.
        const codes = [loading, errorCode];
        broker.on(offsetCommitApi, ({ topics }) => {
          const [told = errorCode] = codes.splice(0, 1);
          return {
            topics: topics.map(({ name, partitions }) => ({
              name,
              partitions: partitions.map(({ partitionIndex }) => ({
                partitionIndex,
                errorCode: told,
              })),
            })),
          };
        });
        const membership = await join(client, cooperativeStickyAssignor);
        broker.on(heartbeatApi, async () => {
          await platform.timers.sleep(400);
          return { errorCode: 25 };
        });
        while (broker.of("Heartbeat").length === 0) await platform.timers.sleep(10);
        const committing = membership.commit([{ topic: "t", partition: 0, offset: 1 }]);
        const refused = expect(committing).rejects.toMatchObject({ code: "COMMIT_FENCED" });
        while (membership.isMember) await platform.timers.sleep(1);
        await membership.join();
        await refused;
        const tried = broker.of("OffsetCommit").map(({ body }) => body);
        const first = { generationIdOrMemberEpoch: 1, memberId: "member-1" };
        expect(tried).toMatchObject([first, first]);
        expect(membership.isMember).toBe(true);
      }),
  );

  test.each([
    { errorCode: 22, memberId: "member" },
    { errorCode: 27, memberId: "member" },
    { errorCode: 25, memberId: "" },
  ])(
    "that is refused its part of an assignment asks again, under its id if the group has one (error $errorCode)",
    ({ errorCode, memberId }) =>
      playGroup(async ({ broker, client }) => {
        let isRefused = false;
        broker.on(syncGroupApi, ({ assignments }) => {
          const refuses = !isRefused;
          isRefused = true;
          return {
            errorCode: refuses ? errorCode : 0,
            protocolType: "consumer",
            protocolName: "range",
            assignment: refuses ? new Uint8Array(0) : assignments[0].assignment,
          };
        });
        await join(client);
        expect(broker.of("JoinGroup")).toEqual([
          expect.objectContaining({ body: expect.objectContaining({ memberId: "" }) }),
          expect.objectContaining({ body: expect.objectContaining({ memberId }) }),
        ]);
      }),
  );

  test.each([
    { name: "JoinGroup", question: "to be let in" },
    { name: "SyncGroup", question: "for its assignment" },
  ])(
    "that asks $question over a connection that has died asks again over another one",
    ({ name }) =>
      playGroup(async ({ platform, broker, client }) => {
        broker.loseNext(name);
        const startedMs = platform.clock.monotonicMs();
        const membership = await join(client);
        expect(membership.isMember).toBe(true);
        expect(broker.of(name)).toHaveLength(2);
        // A request's time, not that which the members of the group have to join.
        expect(platform.clock.monotonicMs() - startedMs).toBeLessThan(35_000);
      }),
  );
});
