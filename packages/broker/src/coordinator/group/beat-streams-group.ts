import type { StreamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../error-code.ts";
import { ClassicGroup } from "./classic/classic-group.ts";
import type { GroupResult, GroupWorld } from "./group-world.ts";
import { GroupRefusal } from "./refusal.ts";
import { StreamsGroup } from "./streams/streams-group.ts";
import {
  type HeartbeatClient,
  type HeartbeatOutcome,
  streamsHeartbeat,
} from "./streams/streams-heartbeat.ts";

/**
 * A streams group may begin where an empty classic one was: its offsets stay.
 *
 * @throws GroupRefusal
 */
export function beatStreamsGroup(
  world: GroupWorld,
  request: StreamsGroupHeartbeatRequest,
  client: HeartbeatClient,
): GroupResult<HeartbeatOutcome> {
  const { groupId, memberEpoch } = request;
  const known = world.groups.get(groupId);
  if (known === undefined || known instanceof StreamsGroup)
    return streamsHeartbeat(world, request, client);
  if (memberEpoch !== 0 || !(known instanceof ClassicGroup) || !known.isEmpty)
    throw new GroupRefusal(errorCode.groupIdNotFound, `Group ${groupId} is not a streams group.`);
  const result = streamsHeartbeat(world, request, client);
  return { ...result, records: [...known.tombstones(), ...result.records] };
}
