import { assignTasks } from "./assignor/sticky-task-assignor.ts";
import type { ConfiguredTopology } from "./configure-topology.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMember } from "./streams-member.ts";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { targetMetadataKind } from "./streams-record.ts";
import { targetRecord } from "./streams-records.ts";
import { noTasks, type Tasks, tasksEqual } from "./tasks.ts";

export interface TargetRequest {
  readonly group: StreamsGroup;
  /** With the member that is being changed. */
  readonly members: ReadonlyMap<string, StreamsMember>;
  readonly topology: ConfiguredTopology;
  readonly groupEpoch: number;
  readonly standbyReplicas: number;
  readonly wallMs: number;
}

export interface NewTarget {
  readonly records: readonly CoordinatorRecord[];
  readonly targets: ReadonlyMap<string, Tasks>;
}

/** What each member is to have (Kafka: `TargetAssignmentBuilder`); nothing while topics are in the way. */
export function computeTarget(request: TargetRequest): NewTarget {
  const { group, members, topology, standbyReplicas } = request;
  const { groupId } = group;
  const targets =
    topology.fault !== undefined || topology.subtopologies === undefined
      ? new Map([...members.keys()].map((memberId) => [memberId, noTasks]))
      : assignTasks({
          subtopologies: new Map(
            [...topology.subtopologies].map(([id, { taskCount, stateChangelogTopics }]) => [
              id,
              { taskCount, isStateful: stateChangelogTopics.length > 0 },
            ]),
          ),
          members: new Map(
            [...members].map(([memberId, { metadata }]) => [
              memberId,
              { processId: metadata.processId, previous: group.targetOf(memberId) },
            ]),
          ),
          standbyReplicas,
        });
  const records: CoordinatorRecord[] = [];
  for (const [memberId, tasks] of targets) {
    const before = group.targets.get(memberId);
    if (before === undefined || !tasksEqual(before, tasks))
      records.push(targetRecord(groupId, memberId, tasks));
  }
  const value = { assignmentEpoch: request.groupEpoch, assignmentTimestamp: request.wallMs };
  records.push(targetMetadataKind.record({ groupId }, value));
  return { records, targets };
}
