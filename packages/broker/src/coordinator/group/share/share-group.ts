import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { Group, GroupWorld } from "../group-world.ts";
import type { PartitionSets } from "../partition-sets.ts";
import { noPartitions, type ShareMember } from "./share-member.ts";
import { groupTombstones } from "./share-records.ts";
import { noStatePartitions, type StatePartitions } from "./state-partitions.ts";

/** One share group (Kafka: `ShareGroup`): what its records say, and what a restart forgets. */
export class ShareGroup implements Group {
  readonly type = "share";
  readonly protocolType = "share";
  readonly groupId: string;
  readonly #members = new Map<string, ShareMember>();
  readonly targets = new Map<string, PartitionSets>();
  subscribedNameCount = 0;
  groupEpoch = 1;
  metadataHash = 0;
  assignmentEpoch = 1;
  assignmentTimestamp = 0;
  state: StatePartitions = noStatePartitions;
  /** Not in the log: the topics as they were looked at last. */
  metadataVersion: number | undefined;

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get members(): ReadonlyMap<string, ShareMember> {
    return this.#members;
  }

  get stateName(): "Empty" | "Stable" {
    return this.isEmpty ? "Empty" : "Stable";
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** It commits no offsets, so that none is of a topic that it reads. */
  isSubscribedTo(): boolean {
    return false;
  }

  checkCommit(): number {
    return errorCode.groupIdNotFound;
  }

  /** There are none. */
  retentionStartMs(): undefined {
    return undefined;
  }

  /** There are none, as of a group that is not there. */
  refuseFetch(): number {
    return errorCode.none;
  }

  refuseOffsetDelete(): number {
    return errorCode.groupIdNotFound;
  }

  refuseDelete(): number {
    return this.isEmpty ? errorCode.none : errorCode.nonEmptyGroup;
  }

  tombstones(): readonly CoordinatorRecord[] {
    return groupTombstones(this.groupId);
  }

  targetOf(memberId: string): PartitionSets {
    return this.targets.get(memberId) ?? noPartitions;
  }

  setMember(member: ShareMember): void {
    const known = this.#members.get(member.memberId)?.metadata.subscribedTopicNames.length ?? 0;
    this.#members.set(member.memberId, member);
    this.subscribedNameCount += member.metadata.subscribedTopicNames.length - known;
  }

  removeMember(memberId: string): void {
    const known = this.#members.get(memberId);
    if (known === undefined) return;
    this.#members.delete(memberId);
    this.subscribedNameCount -= known.metadata.subscribedTopicNames.length;
  }

  /** What its members read, with what one of them reads now. */
  subscribedTopics(changed?: ShareMember): Set<string> {
    const names = new Set<string>();
    for (const member of this.members.values())
      if (member.memberId !== changed?.memberId)
        for (const name of member.metadata.subscribedTopicNames) names.add(name);
    for (const name of changed?.metadata.subscribedTopicNames ?? []) names.add(name);
    return names;
  }
}

/** Undefined where there is no group, or one of another protocol. */
export function shareGroup(world: GroupWorld, groupId: string): ShareGroup | undefined {
  const group = world.groups.get(groupId);
  return group instanceof ShareGroup ? group : undefined;
}
