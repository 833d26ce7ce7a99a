import type { PartitionBatches } from "./partition-batches.ts";
import type { SendGate } from "./send-gate.ts";

/**
 * True if the next batch of a partition may be sent while others of it are in flight. Retries go one by one, a
 * new identity waits for the batches of the old one, and a first batch must be acknowledged before the second
 * goes, unless brokers check that themselves.
 */
export function mayFollow(batches: PartitionBatches, gate: SendGate): boolean {
  const { inFlight, queue, identity, provenIdentity, restart } = batches;
  if (inFlight.length === 0) return true;
  const head = queue.at(0);
  if (restart !== undefined || head === undefined || head.attempts > 0) return false;
  if (identity !== gate.identity) return false;
  return gate.isFirstSequenceChecked || provenIdentity === identity;
}
