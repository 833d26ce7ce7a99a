import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import { GroupRefusal } from "../refusal.ts";
import { leaveEpoch } from "./consumer-member.ts";

/** From this version on the consumer makes its member id (KIP-1082). */
const ownMemberIdVersion = 1;

/**
 * What a heartbeat must be, whatever the group is (Kafka: `GroupCoordinatorService`).
 *
 * @throws GroupRefusal
 */
export function checkHeartbeat(
  request: ConsumerGroupHeartbeatRequest,
  apiVersion: number,
  assignors: readonly string[],
): void {
  const { memberId, memberEpoch, serverAssignor } = request;
  if (apiVersion >= ownMemberIdVersion || memberEpoch > 0 || memberEpoch === leaveEpoch.forGood)
    refuseIf(isBlank(memberId), "MemberId can't be empty.");
  refuseIf(isBlank(request.groupId), "GroupId can't be empty.");
  refuseIf(isBlank(request.instanceId), "InstanceId can't be empty.");
  refuseIf(isBlank(request.rackId), "RackId can't be empty.");
  if (memberEpoch === 0) checkJoin(request);
  else if (memberEpoch === leaveEpoch.forAWhile)
    refuseIf(request.instanceId === null, "InstanceId can't be null.");
  else refuseIf(memberEpoch < leaveEpoch.forAWhile, "MemberEpoch is invalid.");
  if (serverAssignor !== null && !assignors.includes(serverAssignor))
    throw new GroupRefusal(
      errorCode.unsupportedAssignor,
      `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${assignors.join(", ")}.`,
    );
}

function checkJoin(request: ConsumerGroupHeartbeatRequest): void {
  const { topicPartitions, subscribedTopicNames, subscribedTopicRegex } = request;
  refuseIf(
    request.rebalanceTimeoutMs === -1,
    "RebalanceTimeoutMs must be provided in first request.",
  );
  refuseIf(
    topicPartitions === null || topicPartitions.length > 0,
    "TopicPartitions must be empty when (re-)joining.",
  );
  refuseIf(
    subscribedTopicNames === null && subscribedTopicRegex === null,
    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
  );
}

/** Null is not blank: it says nothing. */
function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === "";
}

function refuseIf(isWrong: boolean, message: string): void {
  if (isWrong) throw new GroupRefusal(errorCode.invalidRequest, message);
}
