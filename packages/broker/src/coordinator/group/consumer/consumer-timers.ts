/** Names of a consumer group's timers. */
export const patternsTimer = "patterns";

export function sessionTimer(memberId: string): string {
  return `session ${memberId}`;
}

export function rebalanceTimer(memberId: string): string {
  return `rebalance ${memberId}`;
}
