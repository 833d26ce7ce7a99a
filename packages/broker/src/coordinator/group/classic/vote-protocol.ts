import { invariant } from "@millrace/model";
import { javaHashCode } from "../../key-partition.ts";
import type { GroupMember } from "./group-member.ts";

/** Names that every member offers. */
export function commonProtocols(members: readonly GroupMember[]): ReadonlySet<string> {
  const [first, ...others] = members;
  const names = first === undefined ? [] : first.protocols.map(({ name }) => name);
  return new Set(names.filter((name) => others.every((member) => member.offers(name))));
}

/**
 * The protocol of the next generation: each member votes for the first of its own that all offer.
 * Among those with equally many votes it is the one that comes first in the order of a Java hash
 * table, as in Kafka.
 */
export function voteProtocol(members: readonly GroupMember[]): string {
  const candidates = commonProtocols(members);
  const votes = new Map<string, number>();
  for (const member of members) {
    const name = member.vote(candidates);
    votes.set(name, (votes.get(name) ?? 0) + 1);
  }
  const [winner] = [...votes].toSorted(
    ([leftName, left], [rightName, right]) =>
      right - left || bucketOf(leftName) - bucketOf(rightName),
  );
  invariant(winner !== undefined, "GROUP-1", "no protocol to vote for");
  return winner[0];
}

function bucketOf(name: string): number {
  const hash = javaHashCode(name);
  return (hash ^ (hash >>> 16)) & 15;
}
