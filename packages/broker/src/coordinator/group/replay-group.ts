import type { Group, GroupWorld } from "./group-world.ts";

/** A group whose members the broker gives something, as its records say (consumer, share and streams groups). */
export interface AssignedGroup<Target> extends Group {
  /** What each member is to have. */
  readonly targets: Map<string, Target>;
  groupEpoch: number;
  metadataHash: number;
  assignmentEpoch: number;
  assignmentTimestamp: number;
}

/** The group of a record: made by its first one, though only offsets were there; a tombstone makes none. */
export function replayedGroup<Found extends Group>(
  world: GroupWorld,
  GroupKind: new (groupId: string) => Found,
  groupId: string,
  value: unknown,
): Found | undefined {
  const known = world.groups.get(groupId);
  if (known instanceof GroupKind) return known;
  if (value === null) return undefined;
  const group = new GroupKind(groupId);
  world.groups.set(groupId, group);
  return group;
}

export function replayTargetMetadata(
  group: AssignedGroup<unknown> | undefined,
  value: { readonly assignmentEpoch: number; readonly assignmentTimestamp: number } | null,
): void {
  if (group === undefined) return;
  group.assignmentEpoch = value?.assignmentEpoch ?? -1;
  group.assignmentTimestamp = value?.assignmentTimestamp ?? 0;
}

/** Null: the member is to have nothing any more. */
export function replayTarget<Target>(
  group: AssignedGroup<Target> | undefined,
  memberId: string,
  target: Target | null,
): void {
  if (target === null) group?.targets.delete(memberId);
  else group?.targets.set(memberId, target);
}
