import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { ClassicGroup } from "./classic/classic-group.ts";
import { ConsumerGroup } from "./consumer/consumer-group.ts";
import {
  type ConsumerClient,
  consumerHeartbeat,
  type ConsumerHeartbeatAnswer,
} from "./consumer/consumer-heartbeat.ts";
import type { GroupResult, GroupWorld } from "./group-world.ts";
import { type Successor, toConsumerGroup } from "./migration/to-consumer-group.ts";

/**
 * A consumer group may begin where a classic one of consumers was, with its members and offsets.
 *
 * @throws GroupRefusal
 */
export function beatConsumerGroup(
  world: GroupWorld,
  request: ConsumerGroupHeartbeatRequest,
  client: ConsumerClient,
): GroupResult<ConsumerHeartbeatAnswer> {
  const known = world.groups.get(request.groupId);
  if (request.memberEpoch !== 0 || !(known instanceof ClassicGroup))
    return consumerHeartbeat(world, request, client);
  const { group, records, appended } = successorOf(world, known);
  const result = consumerHeartbeat(world, request, client, group);
  return { ...result, records: [...records, ...result.records], appended };
}

function successorOf(world: GroupWorld, classic: ClassicGroup): Successor {
  return classic.isEmpty
    ? { group: new ConsumerGroup(classic.groupId), records: classic.tombstones() }
    : toConsumerGroup(world, classic);
}
