import type { GroupWorld } from "../group-world.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { memberState } from "./consumer-member.ts";
import { restartSession, startRevocation } from "./leave-consumer-group.ts";

/** The group was read from the log: its members have a session's length to be heard of. */
export function resumeConsumerGroup(world: GroupWorld, { groupId, members }: ConsumerGroup): void {
  for (const member of members.values()) {
    restartSession(world, groupId, member.memberId);
    if (member.state === memberState.unrevoked) startRevocation(world, groupId, member);
  }
}
