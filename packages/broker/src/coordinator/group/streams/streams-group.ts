import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type {
  AskingMember,
  CommitCheck,
  Group,
  GroupWorld,
  OffsetCommitter,
} from "../group-world.ts";
import type { LookedAt } from "../topics-hash.ts";
import { checkStreamsCommit, checkStreamsFetch } from "./check-offsets.ts";
import type { ConfiguredTopology } from "./configure-topology.ts";
import { isReconciledTo, type StreamsMember } from "./streams-member.ts";
import { groupTombstones } from "./streams-records.ts";
import { type AssignedTasks, noTasks, type Tasks } from "./tasks.ts";
import { readerOf, type Topology } from "./topology.ts";

export type StreamsGroupState = "Empty" | "NotReady" | "Assigning" | "Reconciling" | "Stable";

/** One streams group (Kafka: `StreamsGroup`): what its records say, and what a restart forgets. */
export class StreamsGroup implements Group {
  readonly type = "streams";
  /** What it keeps is bounded by the size of its records. */
  readonly subscribedNameCount = 0;
  readonly nameCountOf = (): number => 0;
  readonly protocolType = "streams";
  readonly groupId: string;
  readonly members = new Map<string, StreamsMember>();
  readonly targets = new Map<string, Tasks>();
  groupEpoch = 1;
  metadataHash = 0;
  validatedTopologyEpoch = 0;
  /** Standbys that the last epoch was made for; undefined: not noted. */
  standbyReplicas: string | undefined;
  assignmentEpoch = 1;
  assignmentTimestamp = 0;
  topology: Topology | undefined;

  /** Not in the log: the topology on the topics as they were when they were `lookedAt`. */
  configured: ConfiguredTopology | undefined;
  lookedAt: LookedAt | undefined;
  /** What is described: as in Kafka, `configured` as of the last record. */
  described: ConfiguredTopology | undefined;
  /** Not in the log: changes whenever the tasks of a member with an endpoint do. */
  endpointEpoch = 0;
  /** Not in the log: who asked that the whole application stops. */
  shutdownMemberId: string | undefined;

  readonly #activeProcesses = new Map<string, string>();
  readonly #reservedIn = new Map<string, Set<string>>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get stateName(): string {
    return this.state;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  get state(): StreamsGroupState {
    if (this.members.size === 0) return "Empty";
    if (this.topology?.epoch !== this.validatedTopologyEpoch) return "NotReady";
    if (this.groupEpoch > this.assignmentEpoch) return "Assigning";
    for (const member of this.members.values())
      if (!isReconciledTo(member, this.assignmentEpoch)) return "Reconciling";
    return "Stable";
  }

  /** A member is there, and the topology reads the topic. */
  isSubscribedTo(topic: string): boolean {
    const { topology } = this;
    return (
      this.members.size > 0 && topology !== undefined && readerOf(topology, topic) !== undefined
    );
  }

  checkCommit(committer: OffsetCommitter): number | CommitCheck {
    return checkStreamsCommit(this, committer);
  }

  refuseFetch(asking: AskingMember | null): number {
    return checkStreamsFetch(this, asking);
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
    return groupTombstones(this.groupId);
  }

  targetOf(memberId: string): Tasks {
    return this.targets.get(memberId) ?? noTasks;
  }

  /** Process whose member has the active task, or has yet to let it go. */
  activeProcessOf(subtopologyId: string, partition: number): string | undefined {
    return this.#activeProcesses.get(taskKey(subtopologyId, partition));
  }

  isReservedIn(processId: string, subtopologyId: string, partition: number): boolean {
    return this.#reservedIn.get(taskKey(subtopologyId, partition))?.has(processId) === true;
  }

  setMember(member: StreamsMember): void {
    this.#release(this.members.get(member.memberId));
    this.members.set(member.memberId, member);
    this.#occupy(member.assigned, member.metadata.processId);
    this.#occupy(member.revoking, member.metadata.processId);
  }

  removeMember(memberId: string): void {
    this.#release(this.members.get(memberId));
    this.members.delete(memberId);
    if (this.members.size === 0) this.shutdownMemberId = undefined;
  }

  #occupy(tasks: AssignedTasks, processId: string): void {
    for (const key of keysOf(tasks.active)) this.#activeProcesses.set(key, processId);
    for (const key of [...keysOf(tasks.standby), ...keysOf(tasks.warmup)]) {
      const processes = this.#reservedIn.get(key);
      if (processes === undefined) this.#reservedIn.set(key, new Set([processId]));
      else processes.add(processId);
    }
  }

  #release(member: StreamsMember | undefined): void {
    if (member === undefined) return;
    const { processId } = member.metadata;
    for (const { active, standby, warmup } of [member.assigned, member.revoking]) {
      for (const key of keysOf(active))
        if (this.#activeProcesses.get(key) === processId) this.#activeProcesses.delete(key);
      for (const key of [...keysOf(standby), ...keysOf(warmup)]) {
        const processes = this.#reservedIn.get(key);
        processes?.delete(processId);
        if (processes?.size === 0) this.#reservedIn.delete(key);
      }
    }
  }
}

/** Undefined where there is no group, or one of another protocol. */
export function streamsGroup(world: GroupWorld, groupId: string): StreamsGroup | undefined {
  const group = world.groups.get(groupId);
  return group instanceof StreamsGroup ? group : undefined;
}

function taskKey(subtopologyId: string, partition: number): string {
  return `${partition}_${subtopologyId}`;
}

function keysOf(
  tasks: ReadonlyMap<string, ReadonlySet<number> | ReadonlyMap<number, number>>,
): string[] {
  const keys: string[] = [];
  for (const [subtopologyId, partitions] of tasks)
    for (const partition of partitions.keys()) keys.push(taskKey(subtopologyId, partition));
  return keys;
}
