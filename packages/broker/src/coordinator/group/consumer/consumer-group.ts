import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { VersionedTopics } from "../../topic-lookup.ts";
import type {
  AskingMember,
  CommitCheck,
  Group,
  GroupWorld,
  OffsetCommitter,
} from "../group-world.ts";
import type { PartitionEpochs, PartitionSets } from "../partition-sets.ts";
import { checkConsumerCommit, checkConsumerFetch } from "./check-offsets.ts";
import { TopicIds } from "../topic-ids.ts";
import type { LookedAt } from "../topics-hash.ts";
import { type ConsumerMember, isReconciledTo, patternOf } from "./consumer-member.ts";
import { groupTombstones, memberTombstones, type ResolvedPattern } from "./consumer-records.ts";
import { Subscriptions } from "./subscriptions.ts";

export type ConsumerGroupState = "Empty" | "Assigning" | "Reconciling" | "Stable";

const nothing: PartitionSets = new Map();

/** One consumer group (Kafka: `ConsumerGroup`): what its records say, and what a restart forgets. */
export class ConsumerGroup implements Group {
  readonly type = "consumer";
  readonly protocolType = "consumer";
  readonly groupId: string;
  readonly members = new Map<string, ConsumerMember>();
  /** What each member is to have. */
  readonly targets = new Map<string, PartitionSets>();
  groupEpoch = 1;
  metadataHash = 0;
  assignmentEpoch = 1;
  assignmentTimestamp = 0;
  lookedAt: LookedAt | undefined;

  readonly #subscriptions = new Subscriptions();
  readonly #topicIds = new TopicIds();
  readonly #staticMembers = new Map<string, string>();
  /** By topic id and partition, the member that has it, or has yet to let it go. */
  readonly #owners = new Map<string, Map<number, string>>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  /** What its members read, as they are now. */
  get subscriptions(): Subscriptions {
    return this.#subscriptions;
  }

  /** Topics of the patterns that members are subscribed to. */
  get resolved(): ReadonlyMap<string, ResolvedPattern> {
    return this.#subscriptions.resolved;
  }

  get subscribedNameCount(): number {
    return this.#subscriptions.nameCount;
  }

  get stateName(): string {
    return this.state;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  get state(): ConsumerGroupState {
    if (this.isEmpty) return "Empty";
    if (this.groupEpoch > this.assignmentEpoch) return "Assigning";
    for (const member of this.members.values())
      if (!isReconciledTo(member, this.assignmentEpoch)) return "Reconciling";
    return "Stable";
  }

  isSubscribedTo(topic: string): boolean {
    return this.#subscriptions.topics.has(topic);
  }

  nameCountOf(memberId: string): number {
    return this.members.get(memberId)?.metadata.subscribedTopicNames.length ?? 0;
  }

  checkCommit(committer: OffsetCommitter): number | CommitCheck {
    return checkConsumerCommit(this.members, committer);
  }

  refuseFetch(asking: AskingMember | null): number {
    return checkConsumerFetch(this.members, asking);
  }

  refuseOffsetDelete(): number {
    return errorCode.none;
  }

  refuseDelete(): number {
    return this.isEmpty ? errorCode.none : errorCode.nonEmptyGroup;
  }

  retentionStartMs(commitTimestamp: number): number {
    return commitTimestamp;
  }

  tombstones(): readonly CoordinatorRecord[] {
    const { groupId, members, resolved } = this;
    const ofMembers = [...members.keys()].flatMap((id) => memberTombstones(groupId, id));
    return [...ofMembers, ...groupTombstones(groupId, resolved.keys())];
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.#staticMembers.get(instanceId);
    return memberId === undefined ? undefined : this.members.get(memberId);
  }

  /** A static member that comes again has the target of its predecessor. */
  targetOf({ memberId, metadata }: ConsumerMember): PartitionSets {
    const { instanceId } = metadata;
    const ownerId = instanceId === null ? memberId : this.#staticMembers.get(instanceId);
    return this.targets.get(ownerId ?? memberId) ?? nothing;
  }

  /** Of the topics that a member reads, those that exist: what it names, and what its pattern has found. */
  topicIdsOf(member: ConsumerMember, topics: VersionedTopics): readonly string[] {
    const matched = this.resolved.get(patternOf(member))?.topics;
    return this.#topicIds.of(member.metadata, topics, matched);
  }

  isOwned(topicId: string, partition: number): boolean {
    return this.#owners.get(topicId)?.has(partition) === true;
  }

  /** Null: it is not known any more. */
  setPattern(pattern: string, resolved: ResolvedPattern | null): void {
    this.#subscriptions.resolve(pattern, resolved);
  }

  setMember(member: ConsumerMember): void {
    const before = this.members.get(member.memberId);
    this.#release(before);
    this.members.set(member.memberId, member);
    if (before?.metadata !== member.metadata) {
      if (before !== undefined) this.#subscriptions.remove(before);
      this.#subscriptions.add(member);
    }
    this.#occupy(member.memberId, member.assigned);
    this.#occupy(member.memberId, member.revoking);
    const { instanceId } = member.metadata;
    if (instanceId !== null) this.#staticMembers.set(instanceId, member.memberId);
  }

  removeMember(memberId: string): void {
    const member = this.members.get(memberId);
    if (member !== undefined) this.#subscriptions.remove(member);
    this.#release(member);
    this.members.delete(memberId);
    const instanceId = member?.metadata.instanceId ?? null;
    if (instanceId !== null && this.#staticMembers.get(instanceId) === memberId)
      this.#staticMembers.delete(instanceId);
  }

  #occupy(memberId: string, partitions: PartitionEpochs): void {
    for (const [topicId, epochs] of partitions) {
      let owners = this.#owners.get(topicId);
      if (owners === undefined) this.#owners.set(topicId, (owners = new Map()));
      for (const partition of epochs.keys()) owners.set(partition, memberId);
    }
  }

  #release(member: ConsumerMember | undefined): void {
    if (member === undefined) return;
    for (const partitions of [member.assigned, member.revoking])
      for (const [topicId, epochs] of partitions) {
        const owners = this.#owners.get(topicId);
        for (const partition of epochs.keys())
          if (owners?.get(partition) === member.memberId) owners.delete(partition);
        if (owners?.size === 0) this.#owners.delete(topicId);
      }
  }
}

/** Undefined where there is no group, or one of another protocol. */
export function consumerGroup(world: GroupWorld, groupId: string): ConsumerGroup | undefined {
  const group = world.groups.get(groupId);
  return group instanceof ConsumerGroup ? group : undefined;
}
