import { errorCode } from "../../error-code.ts";
import type { GroupWorld } from "../group-world.ts";
import type { HeartbeatRequest } from "./classic-requests.ts";
import { ConsumerGroup } from "../consumer/consumer-group.ts";
import { classicGroup } from "./find-group.ts";
import { heartbeatInConsumerGroup } from "../migration/classic-member.ts";
import { restartSession } from "./rebalance.ts";

/**
 * Kafka: `classicGroupHeartbeat`. Gives an error code: REBALANCE_IN_PROGRESS tells the member to
 * join again.
 */
export function heartbeat(world: GroupWorld, request: HeartbeatRequest): number {
  const known = world.groups.get(request.groupId);
  if (known instanceof ConsumerGroup) return heartbeatInConsumerGroup(world, known, request);
  const group = classicGroup(world, request.groupId);
  if (group === undefined) return errorCode.unknownMemberId;
  if (group.state === "Dead") return errorCode.coordinatorNotAvailable;
  const refused = group.refuseMember(request.memberId, request.groupInstanceId);
  if (refused !== errorCode.none) return refused;
  if (request.generationId !== group.generationId) return errorCode.illegalGeneration;
  if (group.state === "Empty") return errorCode.unknownMemberId;
  restartSession(world, group, group.member(request.memberId));
  return group.state === "PreparingRebalance" ? errorCode.rebalanceInProgress : errorCode.none;
}
