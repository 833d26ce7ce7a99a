import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { ClassicGroup } from "./classic-group.ts";
import { ConsumerGroup } from "./consumer/consumer-group.ts";
import {
  type ConsumerClient,
  consumerHeartbeat,
  type ConsumerHeartbeatAnswer,
} from "./consumer/consumer-heartbeat.ts";
import type { GroupResult, GroupWorld } from "./group-world.ts";

/**
 * A consumer group may begin where an empty classic one was: its offsets stay.
 *
 * @throws GroupRefusal
 */
export function beatConsumerGroup(
  world: GroupWorld,
  request: ConsumerGroupHeartbeatRequest,
  client: ConsumerClient,
): GroupResult<ConsumerHeartbeatAnswer> {
  const { groupId, memberEpoch } = request;
  const known = world.groups.get(groupId);
  if (memberEpoch !== 0 || !(known instanceof ClassicGroup) || !known.isEmpty)
    return consumerHeartbeat(world, request, client);
  const result = consumerHeartbeat(world, request, client, new ConsumerGroup(groupId));
  return { ...result, records: [...known.tombstones(), ...result.records] };
}
