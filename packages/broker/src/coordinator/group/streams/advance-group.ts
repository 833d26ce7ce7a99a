import type { StreamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import { type ConfiguredTopology, configureTopology } from "./configure-topology.ts";
import { GroupRefusal } from "../refusal.ts";
import { type StreamsGroup, streamsGroup } from "./streams-group.ts";
import { topologyKind } from "./streams-record.ts";
import type { StreamsMember } from "./streams-member.ts";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { epochRecord } from "./streams-records.ts";
import type { GroupResult, GroupWorld } from "../group-world.ts";
import { initialTimer } from "./streams-timers.ts";
import { computeTarget } from "./target-assignment.ts";
import { noTasks, type Tasks } from "./tasks.ts";
import { requiredTopicsOf, topologiesEqual, type Topology } from "./topology.ts";
import { hashOfTopics, isLookedAt } from "../topics-hash.ts";
import { type GroupStatus, statusCode } from "./topology-fault.ts";

/** Where a group stands after a heartbeat, and what is told of it. */
export interface GroupStep {
  readonly configured: ConfiguredTopology;
  readonly targetEpoch: number;
  /** Of the member whose heartbeat it was. */
  readonly target: Tasks;
  readonly status: readonly GroupStatus[];
}

export interface Advance {
  readonly group: StreamsGroup;
  readonly member: StreamsMember;
  /** The member is new, or another than it was. */
  readonly isChanged: boolean;
  readonly request: StreamsGroupHeartbeatRequest;
  readonly records: CoordinatorRecord[];
}

/**
 * A group goes on to its next epoch when a member, a topic, its topology's validity or its configs
 * have changed; with it comes a new target assignment.
 */
export function advanceGroup(world: GroupWorld, advance: Advance): GroupStep {
  const { group, member, request, records } = advance;
  const { groupId } = group;
  const config = world.configs.streamsOf(groupId);
  const topology = topologyOf(group, request.topology, records);
  const status: GroupStatus[] = [];
  if (group.topology !== undefined && member.metadata.topologyEpoch < group.topology.epoch)
    status.push({
      statusCode: statusCode.staleTopology,
      statusDetail: `The member's topology epoch ${member.metadata.topologyEpoch} is behind the group's topology epoch ${group.topology.epoch}.`,
    });
  const metadataHash = refresh(world, group, topology);
  const { configured } = group;
  if (configured === undefined) throw new GroupRefusal(errorCode.unknownServerError, "");
  const validatedTopologyEpoch = configured.fault === undefined ? topology.epoch : -1;
  const standbyReplicas = String(config.standbyReplicas);
  const isNext =
    advance.isChanged ||
    metadataHash !== group.metadataHash ||
    validatedTopologyEpoch !== group.validatedTopologyEpoch ||
    standbyReplicas !== group.standbyReplicas;
  const groupEpoch = group.groupEpoch + (isNext ? 1 : 0);
  if (isNext)
    records.push(
      epochRecord(groupId, { groupEpoch, metadataHash, validatedTopologyEpoch, standbyReplicas }),
    );
  if (group.members.size === 0 && config.initialRebalanceDelayMs > 0)
    startInitialDelay(world, groupId, config.initialRebalanceDelayMs);
  const next = assign(world, { group, member, configured, groupEpoch, records, status });
  return { configured, status, ...next };
}

/** The group's topology is that of its first member; others must have the same, or an older one. */
function topologyOf(
  group: StreamsGroup,
  told: Topology | null,
  records: CoordinatorRecord[],
): Topology {
  const { topology, groupId } = group;
  if (topology === undefined) {
    if (told === null)
      throw new GroupRefusal(
        errorCode.unknownServerError,
        "The topology is null and the group topology is also null.",
      );
    records.push(topologyKind.record({ groupId }, told));
    return told;
  }
  if (told === null || topology.epoch > told.epoch || topologiesEqual(topology, told))
    return topology;
  throw new GroupRefusal(errorCode.invalidRequest, "Topology updates are not supported yet.");
}

/** Configures the topology anew where topics may have changed; gives their hash. */
function refresh(world: GroupWorld, group: StreamsGroup, topology: Topology): number {
  const { topics } = world;
  const isFresh = group.configured !== undefined && group.topology !== undefined;
  if (isFresh && isLookedAt(group, topics)) return group.metadataHash;
  const hash = hashOfTopics(requiredTopicsOf(topology), topics);
  if (!isFresh || hash !== group.metadataHash)
    group.configured = configureTopology(topology, (topic) => topics.partitionCount(topic));
  group.lookedAt = { version: topics.appliedOffset, hash };
  return hash;
}

interface AssignRequest {
  readonly group: StreamsGroup;
  readonly member: StreamsMember | undefined;
  readonly configured: ConfiguredTopology;
  readonly groupEpoch: number;
  readonly records: CoordinatorRecord[];
  readonly status: GroupStatus[];
}

function assign(
  world: GroupWorld,
  { group, member, configured, groupEpoch, records, status }: AssignRequest,
): Pick<GroupStep, "targetEpoch" | "target"> {
  const { groupId, assignmentEpoch, assignmentTimestamp } = group;
  const delayed = (why: string) =>
    status.push({
      statusCode: statusCode.assignmentDelayed,
      statusDetail: `Assignment delayed due to the configured ${why}.`,
    });
  if (world.timers.isScheduled(groupId, initialTimer)) {
    delayed("initial rebalance delay");
    return { targetEpoch: assignmentEpoch, target: noTasks };
  }
  const last = {
    targetEpoch: assignmentEpoch,
    target: member === undefined ? noTasks : group.targetOf(member.memberId),
  };
  if (assignmentEpoch >= groupEpoch) return last;
  const { assignmentIntervalMs, standbyReplicas } = world.configs.streamsOf(groupId);
  const wallMs = world.clock.wallMs();
  const elapsed = wallMs - assignmentTimestamp;
  const isSoon = assignmentTimestamp !== 0 && elapsed < assignmentIntervalMs;
  // Who comes into an empty group has nobody to wait for (KAFKA-20442).
  if (group.members.size > 0 && assignmentIntervalMs !== 0 && isSoon) {
    delayed("assignment interval");
    return last;
  }
  const members = new Map(group.members);
  if (member !== undefined) members.set(member.memberId, member);
  const target = computeTarget({
    group,
    members,
    topology: configured,
    groupEpoch,
    standbyReplicas,
    wallMs,
  });
  records.push(...target.records);
  return {
    targetEpoch: groupEpoch,
    target: (member && target.targets.get(member.memberId)) ?? noTasks,
  };
}

/** Members that join a new group shortly after its first one share its first assignment. */
function startInitialDelay(world: GroupWorld, groupId: string, delayMs: number): void {
  if (world.timers.isScheduled(groupId, initialTimer)) return;
  const fire = (): GroupResult => {
    const group = streamsGroup(world, groupId);
    const records: CoordinatorRecord[] = [];
    if (group === undefined || group.members.size === 0) return { records, response: undefined };
    const { configured, groupEpoch } = group;
    if (configured !== undefined && groupEpoch > group.assignmentEpoch)
      assign(world, { group, member: undefined, configured, groupEpoch, records, status: [] });
    return { records, response: undefined };
  };
  world.timers.schedule(groupId, initialTimer, { delayMs, fire });
}
