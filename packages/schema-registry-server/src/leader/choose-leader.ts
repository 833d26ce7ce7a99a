import type { GroupSeatMember } from "@millrace/client";

import { decodeIdentity, encodeLeader, urlOf, type MemberIdentity } from "./member-identity.ts";

/**
 * As Confluent's registry chooses: the one that leads goes on; where there is none, or more than one, the eligible
 * member with the smallest URL. All are told the same.
 */
export function chooseLeader(members: readonly GroupSeatMember[]): ReadonlyMap<string, Uint8Array> {
  const known = members.flatMap(({ memberId, metadata }) => {
    const identity = decodeIdentity(metadata);
    return identity === undefined ? [] : [{ memberId, identity, url: urlOf(identity) }];
  });
  const eligible = known
    .filter(({ identity }) => identity.isEligible)
    .sort((left, right) => (left.url < right.url ? -1 : 1));
  const leading = eligible.filter(({ identity }) => identity.isLeader);
  const chosen: { readonly memberId: string; readonly identity: MemberIdentity } | undefined =
    leading.length === 1 ? leading[0] : eligible[0];
  const hasTwins = new Set(known.map(({ url }) => url)).size < known.length;
  const told = encodeLeader(chosen?.memberId, chosen?.identity, { hasTwins });
  return new Map(members.map(({ memberId }) => [memberId, told]));
}
