/** Names of a consumer group's timers. */
export const patternsTimer = "patterns";

export function sessionTimer(memberId: string): string {
  return `session ${memberId}`;
}

export function rebalanceTimer(memberId: string): string {
  return `rebalance ${memberId}`;
}

/** Of a member of the classic protocol that was told to join again. */
export function joinTimer(memberId: string): string {
  return `join ${memberId}`;
}

/** Of one that has joined, and has to sync. */
export function syncTimer(memberId: string): string {
  return `sync ${memberId}`;
}
