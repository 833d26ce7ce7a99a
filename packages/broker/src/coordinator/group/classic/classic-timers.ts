/** Names of a classic group's timers. */
export const joinTimer = "join";
export const syncTimer = "sync";

/** By name: a group that takes its place may have timers already. */
export function classicTimersOf(group: {
  readonly members: ReadonlyMap<string, unknown>;
  readonly pendingJoinMembers: ReadonlySet<string>;
}): string[] {
  const memberIds = [...group.members.keys(), ...group.pendingJoinMembers];
  return [joinTimer, syncTimer, ...memberIds.map(heartbeatTimer)];
}

export function heartbeatTimer(memberId: string): string {
  return `heartbeat ${memberId}`;
}
