import { leaveGroupApi } from "@millrace/protocol/definitions";

import { groupName, text } from "../argument-kinds.ts";
import { checkArguments, kind, listOf, object } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { callCoordinator } from "../metadata/coordinator-calls.ts";
import type { GroupMember } from "./group-description.ts";

/** Who is to go: a static member by its seat, any other by its member id. */
export type MemberToRemove = Pick<GroupMember, "memberId" | "groupInstanceId">;

/** More than these may be there: a described member is one, too. */
const membersToRemove = listOf(
  object(
    {
      memberId: text,
      groupInstanceId: kind("text or null", (given) => given === null || typeof given === "string"),
    },
    "{ memberId, groupInstanceId }",
  ),
  "{ memberId, groupInstanceId }",
);

/** One that has left by itself in the meantime is gone, too: `UNKNOWN_MEMBER_ID` is no failure. */
export async function removeMembers(
  context: ClientContext,
  lane: BrokerLane,
  {
    groupId,
    members,
    signal,
  }: {
    readonly groupId: string;
    readonly members: readonly MemberToRemove[];
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const checks = { groupId: [groupName, groupId], members: [membersToRemove, members] } as const;
  checkArguments("admin.removeMembers", checks, signal);
  if (members.length === 0) return;
  await callCoordinator(
    context,
    { kind: "group", key: groupId, lane },
    {
      api: leaveGroupApi,
      body: () => ({
        groupId,
        members: members.map(({ memberId, groupInstanceId }) => ({
          memberId: groupInstanceId === null ? memberId : "",
          groupInstanceId,
          reason: "removed by an administrator",
        })),
      }),
      errorsOf: ({ errorCode, members: left = [] }) => [
        errorCode,
        ...left.map((one) => one.errorCode),
      ],
      isHandled: ({ code }) => code === "UNKNOWN_MEMBER_ID",
    },
    { signal },
  ).catch((error: unknown) => {
    throw clusterErrorOf(`group ${groupId}`, error);
  });
}
