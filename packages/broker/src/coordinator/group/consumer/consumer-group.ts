import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type {
  AskingMember,
  CommitCheck,
  Group,
  GroupWorld,
  OffsetCommitter,
} from "../group-world.ts";
import type { PartitionEpochs, PartitionSets } from "../partition-sets.ts";
import { checkConsumerCommit, checkConsumerFetch } from "./check-offsets.ts";
import { type ConsumerMember, isReconciledTo } from "./consumer-member.ts";
import { groupTombstones, memberTombstones, type ResolvedPattern } from "./consumer-records.ts";
import { type Subscriptions, subscriptionsOf } from "./subscriptions.ts";

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
  subscribedNameCount = 0;
  groupEpoch = 1;
  metadataHash = 0;
  assignmentEpoch = 1;
  assignmentTimestamp = 0;
  /** Not in the log: as of which offset of the metadata the hash was found to be right. */
  metadataVersion: number | undefined;

  readonly #resolved = new Map<string, ResolvedPattern>();
  /** What all members read; undefined: it has to be found out anew. */
  #topics: Subscriptions["topics"] | undefined;
  readonly #staticMembers = new Map<string, string>();
  /** By topic id and partition, the member that has it, or has yet to let it go. */
  readonly #owners = new Map<string, Map<number, string>>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  /** Topics of the patterns that members are subscribed to. */
  get resolved(): ReadonlyMap<string, ResolvedPattern> {
    return this.#resolved;
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
    this.#topics ??= subscriptionsOf(this.members.values(), this.#resolved).topics;
    return this.#topics.has(topic);
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

  isOwned(topicId: string, partition: number): boolean {
    return this.#owners.get(topicId)?.has(partition) === true;
  }

  /** Null: it is not known any more. */
  setPattern(pattern: string, resolved: ResolvedPattern | null): void {
    this.#topics = undefined;
    if (resolved === null) this.#resolved.delete(pattern);
    else this.#resolved.set(pattern, resolved);
  }

  setMember(member: ConsumerMember): void {
    this.#topics = undefined;
    this.#release(this.members.get(member.memberId));
    this.members.set(member.memberId, member);
    this.subscribedNameCount += member.metadata.subscribedTopicNames.length;
    this.#occupy(member.memberId, member.assigned);
    this.#occupy(member.memberId, member.revoking);
    const { instanceId } = member.metadata;
    if (instanceId !== null) this.#staticMembers.set(instanceId, member.memberId);
  }

  removeMember(memberId: string): void {
    this.#topics = undefined;
    const member = this.members.get(memberId);
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
    this.subscribedNameCount -= member.metadata.subscribedTopicNames.length;
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
