import type { CoordinatorRecord } from "../coordinator-record.ts";

interface MemberKind {
  record(
    key: { readonly groupId: string; readonly memberId: string },
    value: null,
  ): CoordinatorRecord;
}

/** The kinds of records that a group has for each member, whatever its protocol. */
export interface MemberKinds {
  readonly currentKind: MemberKind;
  readonly targetKind: MemberKind;
  readonly memberKind: MemberKind;
}

/** All that the log has of a member is forgotten. */
export function memberTombstones(
  { currentKind, targetKind, memberKind }: MemberKinds,
  groupId: string,
  memberId: string,
): CoordinatorRecord[] {
  const key = { groupId, memberId };
  return [
    currentKind.record(key, null),
    targetKind.record(key, null),
    memberKind.record(key, null),
  ];
}
