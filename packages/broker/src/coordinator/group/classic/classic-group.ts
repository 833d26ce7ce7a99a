import { invariant } from "@millrace/model";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { Group, OffsetCommitter } from "../group-world.ts";
import { joinRefused, syncRefused, type JoinedMember } from "./group-answers.ts";
import { GroupMember, type GroupProtocol } from "./group-member.ts";
import { groupRecord } from "./group-record.ts";
import { mayFollow, type GroupState } from "./group-state.ts";
import { consumerProtocolType, subscribedTopicsOf } from "./subscribed-topics.ts";
import { voteProtocol } from "./vote-protocol.ts";

export interface ClassicGroupOptions {
  readonly groupId: string;
  readonly state?: GroupState;
  readonly generationId?: number;
  readonly protocolType?: string | null;
  readonly protocolName?: string | null;
  /** Wall clock of the last change of state; -1 if unknown. */
  readonly stateTimestamp: number;
}

/** A group of the classic protocol (Kafka: `ClassicGroup`): what it is, not what happens to it. */
export class ClassicGroup implements Group {
  readonly type = "classic";
  /** What it keeps is bounded by the size of its records. */
  readonly subscribedNameCount = 0;
  readonly nameCountOf = (): number => 0;
  readonly groupId: string;
  readonly members = new Map<string, GroupMember>();
  /** Ids handed out to members that have not joined with them yet (KIP-394). */
  readonly pendingJoinMembers = new Set<string>();
  /** Members that have not sent their sync of this generation. */
  readonly pendingSyncMembers = new Set<string>();
  protocolType: string | null;
  protocolName: string | null;
  /** Null where there are members: nobody has shared out what there is; it is to be done. */
  leaderId: string | null = null;
  generationId: number;
  /** A member came during the initial delay, which is then prolonged. */
  hasNewMember = false;
  readonly #staticMembers = new Map<string, string>();
  #state: GroupState;
  #previousState: GroupState = "Dead";
  #stateTimestamp: number;
  #subscribedTopics: ReadonlySet<string> | undefined;

  constructor(options: ClassicGroupOptions) {
    this.groupId = options.groupId;
    this.#state = options.state ?? "Empty";
    this.generationId = options.generationId ?? 0;
    this.protocolType = options.protocolType ?? null;
    this.protocolName = options.protocolName ?? null;
    this.#stateTimestamp = options.stateTimestamp;
  }

  get state(): GroupState {
    return this.#state;
  }

  get previousState(): GroupState {
    return this.#previousState;
  }

  get stateTimestamp(): number {
    return this.#stateTimestamp;
  }

  get canRebalance(): boolean {
    return mayFollow(this.#state, "PreparingRebalance");
  }

  get isConsumerGroup(): boolean {
    return this.protocolType === consumerProtocolType;
  }

  /** Everybody who is known has joined, and waits for the others. */
  get hasAllMembersJoined(): boolean {
    return this.pendingJoinMembers.size === 0 && this.awaitingJoinCount === this.members.size;
  }

  get awaitingJoinCount(): number {
    let count = 0;
    for (const member of this.members.values()) if (member.isAwaitingJoin) count++;
    return count;
  }

  /** The longest that any member asks for. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const member of this.members.values())
      longest = Math.max(longest, member.rebalanceTimeoutMs);
    return longest;
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  staticMemberId(groupInstanceId: string): string | undefined {
    return this.#staticMembers.get(groupInstanceId);
  }

  member(memberId: string): GroupMember {
    const member = this.members.get(memberId);
    invariant(member !== undefined, "GROUP-2", { groupId: this.groupId, memberId });
    return member;
  }

  add(member: GroupMember): void {
    const { memberId, groupInstanceId } = member;
    if (groupInstanceId !== null) {
      invariant(!this.#staticMembers.has(groupInstanceId), "GROUP-3", { groupInstanceId });
      this.#staticMembers.set(groupInstanceId, memberId);
    }
    if (this.members.size === 0) this.protocolType = member.protocolType;
    this.leaderId ??= memberId;
    this.members.set(memberId, member);
    this.pendingJoinMembers.delete(memberId);
  }

  remove(memberId: string): void {
    const removed = this.members.get(memberId);
    this.members.delete(memberId);
    const instanceId = removed?.groupInstanceId ?? null;
    if (instanceId !== null) this.#staticMembers.delete(instanceId);
    if (this.isLeader(memberId)) this.leaderId = this.members.keys().next().value ?? null;
    this.pendingJoinMembers.delete(memberId);
    this.pendingSyncMembers.delete(memberId);
  }

  /**
   * A static member comes again under a new id: the old one is fenced and its seat handed on
   * (KIP-345).
   */
  replaceStaticMember(groupInstanceId: string, oldMemberId: string, newMemberId: string) {
    const old = this.member(oldMemberId);
    this.members.delete(oldMemberId);
    old.completeJoin(joinRefused(errorCode.fencedInstanceId, oldMemberId));
    old.completeSync(syncRefused(errorCode.fencedInstanceId));
    const replacement = new GroupMember({ ...old, groupInstanceId, memberId: newMemberId });
    this.members.set(newMemberId, replacement);
    if (this.isLeader(oldMemberId)) this.leaderId = newMemberId;
    this.#staticMembers.set(groupInstanceId, newMemberId);
    return replacement;
  }

  /**
   * True once a member that joins leads; the leader of the last generation keeps it if it joins.
   */
  electLeader(): boolean {
    if (this.members.get(this.leaderId ?? "")?.isAwaitingJoin === true) return true;
    for (const member of this.members.values()) {
      if (!member.isAwaitingJoin) continue;
      this.leaderId = member.memberId;
      return true;
    }
    return false;
  }

  /** Kafka's error code for a request in a member's name; 0 if it is one. */
  refuseMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const known = this.#staticMembers.get(groupInstanceId);
      if (known === undefined) return errorCode.unknownMemberId;
      if (known !== memberId) return errorCode.fencedInstanceId;
    }
    return this.members.has(memberId) ? errorCode.none : errorCode.unknownMemberId;
  }

  get stateName(): string {
    return this.#state;
  }

  get isEmpty(): boolean {
    return this.#state === "Empty";
  }

  /** Fences by member, instance and generation (KIP-447 brings it to transactions). */
  checkCommit({ memberId, groupInstanceId, generationId, kind }: OffsetCommitter): number {
    if (this.#state === "Dead") return errorCode.coordinatorNotAvailable;
    if (generationId < 0 && this.isEmpty) return errorCode.none;
    const isPlain = kind === "plain";
    if (generationId >= 0 || memberId !== "" || groupInstanceId !== null) {
      const refused = this.refuseMember(memberId, groupInstanceId);
      if (refused !== errorCode.none) return refused;
      if (generationId !== this.generationId) return errorCode.illegalGeneration;
    } else if (isPlain) return errorCode.unknownMemberId;
    return isPlain && this.#state === "CompletingRebalance"
      ? errorCode.rebalanceInProgress
      : errorCode.none;
  }

  /** Who has no members counts from then on; where consumers are, what they are not subscribed to expires. */
  retentionStartMs(commitTimestamp: number): number | undefined {
    if (this.protocolType === null) return commitTimestamp;
    if (this.isEmpty) return this.#stateTimestamp >= 0 ? this.#stateTimestamp : commitTimestamp;
    const areTopicsKnown = this.isConsumerGroup && this.#subscribedTopics !== undefined;
    return areTopicsKnown && this.#state === "Stable" ? commitTimestamp : undefined;
  }

  refuseFetch(): number {
    return this.#state === "Dead" ? errorCode.groupIdNotFound : errorCode.none;
  }

  refuseOffsetDelete(): number {
    if (this.#state === "Dead") return errorCode.groupIdNotFound;
    return this.isEmpty || this.isConsumerGroup ? errorCode.none : errorCode.nonEmptyGroup;
  }

  refuseDelete(): number {
    if (this.#state === "Dead") return errorCode.groupIdNotFound;
    return this.isEmpty ? errorCode.none : errorCode.nonEmptyGroup;
  }

  tombstones(): readonly CoordinatorRecord[] {
    return [groupRecord(this.groupId, null)];
  }

  /** There is a protocol that all members and the one who asks offer. */
  supports(protocolType: string, protocols: readonly GroupProtocol[]): boolean {
    if (this.#state === "Empty") return protocolType !== "" && protocols.length > 0;
    if (this.protocolType !== protocolType) return false;
    const members = [...this.members.values()];
    return protocols.some(({ name }) => members.every((member) => member.offers(name)));
  }

  voteProtocol(): string {
    return voteProtocol([...this.members.values()]);
  }

  transitionTo(state: GroupState, nowMs: number): void {
    invariant(mayFollow(this.#state, state), "GROUP-4", {
      groupId: this.groupId,
      from: this.#state,
      to: state,
    });
    this.#previousState = this.#state;
    this.#state = state;
    this.#stateTimestamp = nowMs;
  }

  initNextGeneration(nowMs: number): void {
    // int32, as on the wire.
    this.generationId = (this.generationId + 1) | 0;
    const hasMembers = this.members.size > 0;
    this.protocolName = hasMembers ? this.voteProtocol() : null;
    this.computeSubscribedTopics();
    this.transitionTo(hasMembers ? "CompletingRebalance" : "Empty", nowMs);
    this.pendingSyncMembers.clear();
  }

  /** The members as their leader is told. */
  joinedMembers(): readonly JoinedMember[] {
    return [...this.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadataOf(this.protocolName ?? ""),
    }));
  }

  /**
   * Where the subscriptions cannot be read, a group of consumers counts as subscribed to
   * everything.
   */
  isSubscribedTo(topic: string): boolean {
    return this.#subscribedTopics?.has(topic) ?? this.isConsumerGroup;
  }

  computeSubscribedTopics(): void {
    this.#subscribedTopics = undefined;
    if (!this.isConsumerGroup) return;
    const topics = new Set<string>();
    for (const member of this.members.values()) {
      if (this.protocolName === null) return;
      const subscribed = subscribedTopicsOf(member.metadataOf(this.protocolName));
      if (subscribed === undefined) return;
      for (const topic of subscribed) topics.add(topic);
    }
    this.#subscribedTopics = topics;
  }
}
