import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import { ClassicGroup } from "./classic/classic-group.ts";
import { ConsumerGroup } from "./consumer/consumer-group.ts";
import {
  type ConsumerClient,
  consumerHeartbeat,
  type ConsumerHeartbeatAnswer,
} from "./consumer/consumer-heartbeat.ts";
import type { GroupResult, GroupWorld } from "./group-world.ts";
import { toConsumerGroup } from "./migration/to-consumer-group.ts";

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
  const { group, records } = successorOf(world, known);
  const result = consumerHeartbeat(world, request, client, group);
  return { ...result, records: [...records, ...result.records] };
}

function successorOf(
  world: GroupWorld,
  classic: ClassicGroup,
): { readonly group: ConsumerGroup; readonly records: readonly CoordinatorRecord[] } {
  return classic.isEmpty
    ? { group: new ConsumerGroup(classic.groupId), records: classic.tombstones() }
    : toConsumerGroup(world, classic);
}
