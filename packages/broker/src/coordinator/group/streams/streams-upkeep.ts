import { errorCode } from "../../error-code.ts";
import type { ShardResult } from "../../coordinator-shard.ts";
import { restartSession, startRevocation } from "./leave-streams-group.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { memberState } from "./streams-member.ts";
import type { StreamsRecord } from "./streams-record.ts";
import { groupTombstones } from "./streams-records.ts";
import { initialTimer, type StreamsWorld } from "./streams-world.ts";

/** Groups were read from the log: their members have a session's length to be heard of. */
export function startStreamsGroups(world: StreamsWorld): void {
  for (const { groupId, members } of world.groups.values())
    for (const member of members.values()) {
      restartSession(world, groupId, member.memberId);
      if (member.state === memberState.unrevoked) startRevocation(world, groupId, member);
    }
}

/** An empty group goes, with its offsets. Gives an error code. */
export function deleteStreamsGroup<Record>(
  world: StreamsWorld,
  group: StreamsGroup,
  offsets: readonly Record[],
): ShardResult<Record | StreamsRecord, number> {
  if (group.members.size > 0) return { records: [], response: errorCode.nonEmptyGroup };
  world.timers.cancel(initialTimer(group.groupId));
  return { records: [...offsets, ...groupTombstones(group.groupId)], response: errorCode.none };
}
