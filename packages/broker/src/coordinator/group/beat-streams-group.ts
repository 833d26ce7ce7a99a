import type { StreamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../error-code.ts";
import type { GroupResult, GroupWorld } from "./group-world.ts";
import { StreamsGroupRefusal } from "./streams/refusal.ts";
import {
  type HeartbeatClient,
  type HeartbeatOutcome,
  streamsHeartbeat,
} from "./streams/streams-heartbeat.ts";

/**
 * A streams group may begin where an empty classic one was: its offsets stay.
 *
 * @throws StreamsGroupRefusal
 */
export function beatStreamsGroup(
  world: GroupWorld,
  request: StreamsGroupHeartbeatRequest,
  client: HeartbeatClient,
): GroupResult<HeartbeatOutcome> {
  const { groupId, memberEpoch } = request;
  const classic = world.groups.get(groupId);
  if (classic === undefined) return streamsHeartbeat(world.streams, request, client);
  if (memberEpoch !== 0 || classic.state !== "Empty")
    throw new StreamsGroupRefusal(
      errorCode.groupIdNotFound,
      `Group ${groupId} is not a streams group.`,
    );
  const result = streamsHeartbeat(world.streams, request, client);
  return { ...result, records: [{ kind: "group", groupId, snapshot: null }, ...result.records] };
}
