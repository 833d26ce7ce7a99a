import type { GroupWorld } from "../group-world.ts";
import { restartSession, startRevocation } from "./leave-streams-group.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { memberState } from "./streams-member.ts";

/** The group was read from the log: its members have a session's length to be heard of. */
export function resumeStreamsGroup(world: GroupWorld, { groupId, members }: StreamsGroup): void {
  for (const member of members.values()) {
    restartSession(world, groupId, member.memberId);
    if (member.state === memberState.unrevoked) startRevocation(world, groupId, member);
  }
}
