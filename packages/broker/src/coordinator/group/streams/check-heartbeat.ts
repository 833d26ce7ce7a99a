import type { StreamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import { GroupRefusal } from "../refusal.ts";

/**
 * What a heartbeat must be, whatever the group is (Kafka: `GroupCoordinatorService`).
 *
 * @throws GroupRefusal
 */
export function checkHeartbeat(request: StreamsGroupHeartbeatRequest): void {
  checkServed(request);
  refuseIf(request.memberId === "", "MemberId can't be empty.");
  refuseIf(request.groupId === "", "GroupId can't be empty.");
  refuseIf(request.rackId === "", "RackId can't be empty.");
  if (request.memberEpoch === 0) checkJoin(request);
  else if (request.memberEpoch === -2) refuse("InstanceId can't be null.");
  else if (request.memberEpoch < -2)
    refuse(`MemberEpoch is ${request.memberEpoch}, but must be greater than or equal to -2.`);
  const { activeTasks, standbyTasks, warmupTasks } = request;
  const given = [activeTasks, standbyTasks, warmupTasks].filter((tasks) => tasks !== null);
  refuseIf(
    given.length !== 0 && given.length !== 3,
    "If one task-type is non-null, all must be non-null.",
  );
  refuseIf(
    request.memberEpoch !== 0 && request.topology !== null,
    "Topology can only be provided when (re-)joining.",
  );
}

/** Kafka 4.3.1 has no static members, no warm-ups and no patterns of topics. */
function checkServed(request: StreamsGroupHeartbeatRequest): void {
  refuseIf(request.instanceId !== null, "Static membership is not yet supported.");
  refuseIf(request.taskOffsets !== null, "TaskOffsets are not supported yet.");
  refuseIf(request.taskEndOffsets !== null, "TaskEndOffsets are not supported yet.");
  refuseIf((request.warmupTasks?.length ?? 0) > 0, "WarmupTasks are not supported yet.");
  for (const { sourceTopicRegex } of request.topology?.subtopologies ?? [])
    refuseIf(
      sourceTopicRegex.length > 0,
      "Regular expressions for source topics are not supported yet.",
    );
}

function checkJoin(request: StreamsGroupHeartbeatRequest): void {
  const { topology } = request;
  refuseIf(
    request.rebalanceTimeoutMs === -1,
    "RebalanceTimeoutMs must be provided in first request.",
  );
  checkNoTasks(request.activeTasks, "ActiveTasks");
  checkNoTasks(request.standbyTasks, "StandbyTasks");
  checkNoTasks(request.warmupTasks, "WarmupTasks");
  if (topology === null) refuse("Topology must be non-null when (re-)joining.");
  for (const { stateChangelogTopics } of topology.subtopologies)
    for (const { name, partitions } of stateChangelogTopics)
      if (partitions !== 0)
        throw new GroupRefusal(
          errorCode.streamsInvalidTopology,
          `Changelog topic ${name} must have an undefined partition count, but it is set to ${partitions}.`,
        );
}

function checkNoTasks(tasks: readonly unknown[] | null, name: string): void {
  refuseIf(tasks === null || tasks.length > 0, `${name} must be empty when (re-)joining.`);
}

function refuseIf(isWrong: boolean, message: string): void {
  if (isWrong) refuse(message);
}

function refuse(message: string): never {
  throw new GroupRefusal(errorCode.invalidRequest, message);
}
