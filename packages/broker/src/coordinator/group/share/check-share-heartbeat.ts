import type { ShareGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import { GroupRefusal } from "../refusal.ts";

/**
 * What a heartbeat must be, whatever the group is (Kafka: `GroupCoordinatorService`).
 *
 * @throws GroupRefusal
 */
export function checkShareHeartbeat(request: ShareGroupHeartbeatRequest): void {
  const { memberId, groupId, rackId, memberEpoch, subscribedTopicNames } = request;
  if (memberId === "") refuse("MemberId can't be empty.");
  if (groupId === "") refuse("GroupId can't be empty.");
  if (rackId === "") refuse("RackId can't be empty.");
  if (memberEpoch === 0 && (subscribedTopicNames?.length ?? 0) === 0)
    refuse("SubscribedTopicNames must be set in first request.");
  if (memberEpoch < -1) refuse("MemberEpoch is invalid.");
}

function refuse(message: string): never {
  throw new GroupRefusal(errorCode.invalidRequest, message);
}
