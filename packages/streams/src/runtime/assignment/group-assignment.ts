import type { Assignment } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import { encodeBasis } from "./assignment-basis.ts";
import {
  assignorErrors,
  encodeAssignmentInfo,
  type AssignmentInfo,
  type HostPartitions,
} from "./assignment-info.ts";
import type { AssignableTask, ClientState, TaskKind } from "./assignor/client-state.ts";
import type { GroupProcess } from "./assignor/group-processes.ts";
import { memberAssignments, type MemberTasks } from "./assignor/member-assignments.ts";
import { parseHostEndpoint } from "./host-endpoint.ts";
import type { TaskLayout } from "./task-layout.ts";

/** The versions in which all members understand what they are told. */
export type CommonVersions = Pick<AssignmentInfo, "version" | "commonlySupportedVersion">;

export interface DecidedAssignment {
  readonly layout: TaskLayout;
  readonly clients: readonly { readonly instance: GroupProcess; readonly state: ClientState }[];
  readonly versions: CommonVersions;
  /** The leader's fingerprint. */
  readonly fingerprint: string;
  /** When a member of which process is to have the group assigned anew; undefined: none. */
  readonly probing: { readonly processId: string; readonly atMs: number } | undefined;
}

/** What each member is told. */
export function encodeGroup(decided: DecidedAssignment): ReadonlyMap<string, Assignment> {
  const { layout, clients, versions, fingerprint, probing } = decided;
  const inputsOf = (task: AssignableTask): readonly TopicPartition[] => layout.inputsOf(task);
  const shared = {
    ...versions,
    activeHosts: hostsOf(decided, "active"),
    standbyHosts: hostsOf(decided, "standby"),
    errorCode: assignorErrors.none,
    detail: encodeBasis({ topology: fingerprint, partitions: layout.sourceCounts }),
  };
  const members = memberAssignments({ tasks: layout.tasks, clients, inputsOf });
  return new Map(
    members.flatMap((own, index) => {
      const isProbing = clients[index].instance.processId === probing?.processId;
      const times = nextRebalances(own, isProbing ? probing.atMs : Infinity);
      return own.map((member, at) => [
        member.memberId,
        encodeMember(member, { ...shared, nextRebalanceMs: times[at] }, inputsOf),
      ]);
    }),
  );
}

/** At once by each that waits for a task; later by the first of the others in the process that looks again. */
function nextRebalances(members: readonly MemberTasks[], probingMs: number): readonly number[] {
  let laterMs = probingMs;
  return members.map(({ awaited }) => {
    const ms = awaited.length > 0 ? 0 : laterMs;
    laterMs = Infinity;
    return ms;
  });
}

function encodeMember(
  { active, standby }: MemberTasks,
  shared: Omit<AssignmentInfo, "activeTasks" | "standbyTasks">,
  inputsOf: (task: AssignableTask) => readonly TopicPartition[],
): Assignment {
  // Told by topic: a task's place in the list is that of its input.
  const inputs = active
    .flatMap((task) => inputsOf(task).map((input) => ({ ...input, task })))
    .sort((left, right) =>
      left.topic === right.topic
        ? left.partition - right.partition
        : left.topic < right.topic
          ? -1
          : 1,
    );
  return {
    partitions: inputs.map(({ topic, partition }) => ({ topic, partition })),
    userData: encodeAssignmentInfo({
      ...shared,
      activeTasks: inputs.map(({ task }) => task.id),
      standbyTasks: standby.map((task) => ({ taskId: task.id, partitions: inputsOf(task) })),
    }),
  };
}

/** Of processes that answer queries. */
function hostsOf({ layout, clients }: DecidedAssignment, kind: TaskKind): HostPartitions[] {
  return clients.flatMap(({ instance, state }) => {
    const endpoint = parseHostEndpoint(instance.userEndPoint);
    if (endpoint === undefined) return [];
    return [{ ...endpoint, partitions: [...state[kind]].flatMap((task) => layout.inputsOf(task)) }];
  });
}

/** Tells a member that it gets nothing, and why. */
export function refusal(errorCode: number, detail: string, versions: CommonVersions): Assignment {
  const userData = encodeAssignmentInfo({
    ...versions,
    activeTasks: [],
    standbyTasks: [],
    activeHosts: [],
    standbyHosts: [],
    errorCode,
    nextRebalanceMs: Infinity,
    detail,
  });
  return { partitions: [], userData };
}
