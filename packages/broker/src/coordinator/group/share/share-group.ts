import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { VersionedTopics } from "../../topic-lookup.ts";
import type { Group, GroupWorld } from "../group-world.ts";
import { NameCounts } from "../name-counts.ts";
import type { PartitionSets } from "../partition-sets.ts";
import { TopicIds } from "../topic-ids.ts";
import type { LookedAt } from "../topics-hash.ts";
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
  readonly #names = new NameCounts();
  readonly #topicIds = new TopicIds();
  groupEpoch = 1;
  metadataHash = 0;
  assignmentEpoch = 1;
  assignmentTimestamp = 0;
  state: StatePartitions = noStatePartitions;
  lookedAt: LookedAt | undefined;

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

  nameCountOf(memberId: string): number {
    return this.#members.get(memberId)?.metadata.subscribedTopicNames.length ?? 0;
  }

  /** Of the topics that a member reads, those that exist. */
  topicIdsOf({ metadata }: ShareMember, topics: VersionedTopics): readonly string[] {
    return this.#topicIds.of(metadata, topics);
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
    const known = this.#members.get(member.memberId)?.metadata.subscribedTopicNames ?? [];
    const told = member.metadata.subscribedTopicNames;
    this.#members.set(member.memberId, member);
    if (known === told) return;
    this.subscribedNameCount += told.length - known.length;
    this.#names.add(known, -1);
    this.#names.add(told, 1);
  }

  removeMember(memberId: string): void {
    const known = this.#members.get(memberId);
    if (known === undefined) return;
    const { subscribedTopicNames } = known.metadata;
    this.#members.delete(memberId);
    this.subscribedNameCount -= subscribedTopicNames.length;
    this.#names.add(subscribedTopicNames, -1);
  }

  /** What its members read, with what one of them reads now. */
  subscribedTopics(changed?: ShareMember): NameCounts {
    if (changed === undefined) return this.#names;
    const names = new NameCounts(this.#names);
    const known = this.#members.get(changed.memberId)?.metadata.subscribedTopicNames ?? [];
    names.add(known, -1);
    names.add(changed.metadata.subscribedTopicNames, 1);
    return names;
  }
}

/** Undefined where there is no group, or one of another protocol. */
export function shareGroup(world: GroupWorld, groupId: string): ShareGroup | undefined {
  const group = world.groups.get(groupId);
  return group instanceof ShareGroup ? group : undefined;
}
