import { encodeUtf8 } from "@millrace/model";
import { errorCodeOf } from "@millrace/protocol";
import {
  deleteGroupsApi,
  describeGroupsApi,
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  listGroupsApi,
  syncGroupApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import type { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

const groupId = "workers";

async function join(client: TestClient, memberId = "", sessionTimeoutMs = 10_000) {
  return client.ask(joinGroupApi, 9, {
    groupId,
    sessionTimeoutMs,
    rebalanceTimeoutMs: 10_000,
    memberId,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: new Uint8Array(0) }],
  });
}

/** The one member of a stable generation. */
async function stable(client: TestClient): Promise<string> {
  const memberId = (await join(client))?.memberId ?? "";
  const joined = await join(client, memberId);
  const assignments = [{ memberId, assignment: encodeUtf8("all") }];
  const synced = await client.ask(syncGroupApi, 5, {
    groupId,
    generationId: joined?.generationId ?? 0,
    memberId,
    protocolType: "consumer",
    protocolName: "range",
    assignments,
  });
  expect(synced).toMatchObject({ errorCode: 0, assignment: encodeUtf8("all") });
  return memberId;
}

const beat = (client: TestClient, memberId: string, generationId = 1) =>
  client.ask(heartbeatApi, 4, { groupId, generationId, memberId });

describe("JoinGroup, SyncGroup, Heartbeat", () => {
  test("a member gets its id first, then a generation and its assignment", () =>
    withClient(async ({ client }) => {
      const first = await join(client);
      expect(first?.errorCode).toBe(errorCodeOf("MEMBER_ID_REQUIRED"));
      const memberId = await stable(client);
      expect((await beat(client, memberId))?.errorCode).toBe(0);
    }));

  test("what is not of the generation is refused", () =>
    withClient(async ({ client }) => {
      const memberId = await stable(client);
      const illegal = errorCodeOf("ILLEGAL_GENERATION");
      const unknown = errorCodeOf("UNKNOWN_MEMBER_ID");
      expect((await beat(client, memberId, 7))?.errorCode).toBe(illegal);
      expect((await beat(client, "nobody"))?.errorCode).toBe(unknown);
      const sync = { groupId, generationId: 7, memberId, assignments: [] };
      const named = { ...sync, protocolType: "consumer", protocolName: "range" };
      expect((await client.ask(syncGroupApi, 5, named))?.errorCode).toBe(illegal);
    }));

  test("a session timeout out of bounds is refused", () =>
    withClient(async ({ client }) => {
      const invalid = errorCodeOf("INVALID_SESSION_TIMEOUT");
      expect((await join(client, "", 1))?.errorCode).toBe(invalid);
      expect((await join(client, "", 2 ** 31 - 1))?.errorCode).toBe(invalid);
    }));
});

test("ListGroups, DescribeGroups: by state; a group that is not there is dead", () =>
  withClient(async ({ client }) => {
    await stable(client);
    const listed = async (...statesFilter: readonly string[]) =>
      (await client.ask(listGroupsApi, 5, { statesFilter, typesFilter: [] }))?.groups.map(
        (group) => group.groupId,
      );
    expect(await listed()).toEqual([groupId]);
    expect(await listed("stable")).toEqual([groupId]);
    expect(await listed("Empty")).toEqual([]);
    const described = await client.ask(describeGroupsApi, 6, { groups: [groupId, "none"] });
    expect(described?.groups).toMatchObject([
      { groupState: "Stable", members: [{ memberAssignment: encodeUtf8("all") }] },
      { groupState: "Dead", errorCode: errorCodeOf("GROUP_ID_NOT_FOUND") },
    ]);
  }));

test("LeaveGroup, DeleteGroups: a group goes once its members have left", () =>
  withClient(async ({ client }) => {
    const memberId = await stable(client);
    const remove = async () => {
      const answer = await client.ask(deleteGroupsApi, 2, { groupsNames: [groupId, groupId] });
      return answer?.results.map(({ errorCode }) => errorCode);
    };
    expect(await remove()).toEqual([errorCodeOf("NON_EMPTY_GROUP")]);
    const members = [{ memberId }, { memberId: "nobody" }];
    const left = await client.ask(leaveGroupApi, 5, { groupId, members });
    expect(left?.members.map(({ errorCode }) => errorCode)).toEqual([
      0,
      errorCodeOf("UNKNOWN_MEMBER_ID"),
    ]);
    expect(await remove()).toEqual([0]);
    expect(await remove()).toEqual([errorCodeOf("GROUP_ID_NOT_FOUND")]);
  }));
