/** Names of a classic group's timers. */
export const joinTimer = "join";
export const syncTimer = "sync";

export function heartbeatTimer(memberId: string): string {
  return `heartbeat ${memberId}`;
}
