import { type Group, type GroupWorld } from "../group-world.ts";
import { ClassicGroup } from "./classic-group.ts";

/** Undefined where there is no group, or one of another protocol. */
export function classicGroup(world: GroupWorld, groupId: string): ClassicGroup | undefined {
  const group = world.groups.get(groupId);
  return group instanceof ClassicGroup ? group : undefined;
}

/** The group of an id; one that has only committed offsets starts as a classic one. */
export function groupOrSimple(world: GroupWorld, groupId: string): Group {
  return world.groups.get(groupId) ?? newClassicGroup(world, groupId);
}

export function newClassicGroup(world: GroupWorld, groupId: string): ClassicGroup {
  const group = new ClassicGroup({ groupId, stateTimestamp: world.clock.wallMs() });
  world.groups.set(groupId, group);
  return group;
}
