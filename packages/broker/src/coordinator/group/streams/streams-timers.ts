/** Names of a streams group's timers. */
export const initialTimer = "initial";

export function sessionTimer(memberId: string): string {
  return `session ${memberId}`;
}

export function rebalanceTimer(memberId: string): string {
  return `rebalance ${memberId}`;
}
