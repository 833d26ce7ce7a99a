import { topicPartitionName } from "@millrace/model";

import {
  defaultAssignmentConfigs,
  type AssignmentConfigs,
} from "../src/runtime/assignment/assignor/assignment-configs.ts";
import type {
  AssignableTask,
  ClientState,
} from "../src/runtime/assignment/assignor/client-state.ts";
import {
  groupProcesses,
  type GroupMember,
  type KnownTasks,
} from "../src/runtime/assignment/assignor/group-processes.ts";
import { assignHighlyAvailable } from "../src/runtime/assignment/assignor/high-availability-assignor.ts";
import { shareOut } from "../src/runtime/assignment/assignor/member-assignments.ts";
import { RackAwareness } from "../src/runtime/assignment/assignor/rack-awareness.ts";
import { assignSticky } from "../src/runtime/assignment/assignor/sticky-assignor.ts";
import { parseTaskId } from "../src/processor/task-id.ts";

/** A group as `TaskAssignors.java` reads it. Task `1_2` reads partition 2 of topic `t1`, and logs to that of `c1`. */
export interface AssignorGroup {
  readonly assignor: "ha" | "sticky" | "fallback";
  /** `end`: the sum of the end offsets of its changelogs; absent: it is stateless. */
  readonly tasks: readonly { readonly name: string; readonly end?: number }[];
  readonly processes: readonly {
    readonly id: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly rack?: string;
    readonly members: readonly {
      readonly id: string;
      readonly owned: readonly string[];
      readonly sums: Readonly<Record<string, number>>;
    }[];
  }[];
  /** Of partitions such as `t1-2`; where there are none, racks are not looked at. */
  readonly racks?: Readonly<Record<string, readonly string[]>>;
  /** Kafka's names. */
  readonly configs: Readonly<Record<string, string>>;
}

/** What an assignor gives; the names of tasks are sorted. */
export interface AssignorAnswer {
  readonly probing: boolean;
  readonly members: Readonly<
    Record<string, { readonly active: readonly string[]; readonly standby: readonly string[] }>
  >;
}

/** What our assignors give. */
export function answerOf(group: AssignorGroup): AssignorAnswer {
  const tasks = tasksOf(group);
  const ends = new Map(
    tasks.all.flatMap((task, index) => {
      const { end } = group.tasks[index];
      return end === undefined ? [] : [[task, end] as const];
    }),
  );
  const processes = groupProcesses(membersOf(group));
  const clients = processes.map((instance) => instance.clientState(tasks, ends));
  const configs = configsOf(group);
  const racks = racksOf(group, tasks.all);
  const shared = { tasks: tasks.all, clients };
  let probing = false;
  if (group.assignor === "ha") probing = assignHighlyAvailable(shared, configs, racks);
  else {
    const mustStay = group.assignor === "fallback";
    assignSticky(shared, configs, mustStay ? { mustStay } : { racks });
    probing = mustStay;
  }
  const members = processes.flatMap((instance, index) =>
    shareOut({ instance, state: clients[index] }, tasks).map(
      ({ memberId, active, standby }) =>
        [memberId, { active: namesOf(active), standby: namesOf(standby) }] as const,
    ),
  );
  return { probing, members: Object.fromEntries(members) };
}

function namesOf(tasks: readonly AssignableTask[]): readonly string[] {
  return [...tasks].sort((left, right) => left.place - right.place).map(({ name }) => name);
}

function idOf(name: string) {
  return parseTaskId(name) ?? { subtopology: 0, partition: 0 };
}

function tasksOf({ tasks }: AssignorGroup): KnownTasks {
  const all = tasks.map(({ name, end }, place) => ({
    id: idOf(name),
    name,
    place,
    isStateful: end !== undefined,
  }));
  return {
    all,
    byName: new Map(all.map((task) => [task.name, task])),
    ofPartition: new Map(
      all.map((task) => [topicPartitionName(`t${task.id.subtopology}`, task.id.partition), task]),
    ),
  };
}

function membersOf({ processes }: AssignorGroup): readonly GroupMember[] {
  return processes.flatMap(({ id, tags, members }) =>
    members.map((member) => ({
      memberId: member.id,
      ownedPartitions: member.owned.map((name) => {
        const { subtopology, partition } = idOf(name);
        return { topic: `t${subtopology}`, partition };
      }),
      info: {
        version: 11,
        latestSupportedVersion: 11,
        processId: id,
        userEndPoint: "",
        taskOffsetSums: Object.entries(member.sums).map(([name, offsetSum]) => ({
          taskId: idOf(name),
          offsetSum,
        })),
        uniqueField: 0,
        errorCode: 0,
        clientTags: new Map(Object.entries(tags)),
      },
    })),
  );
}

function configsOf({ configs }: AssignorGroup): AssignmentConfigs {
  const number = (name: string): number | undefined =>
    configs[name] === undefined ? undefined : Number(configs[name]);
  const strategy = configs["rack.aware.assignment.strategy"];
  return {
    ...defaultAssignmentConfigs,
    acceptableRecoveryLag: number("acceptable.recovery.lag") ?? 10_000,
    maxWarmupReplicas: number("max.warmup.replicas") ?? 2,
    numStandbyReplicas: number("num.standby.replicas") ?? 0,
    rackAwareAssignmentTags: configs["rack.aware.assignment.tags"]?.split(",") ?? [],
    rackAwareAssignmentStrategy:
      strategy === "min_traffic" || strategy === "balance_subtopology" ? strategy : "none",
    rackAwareAssignmentTrafficCost: number("rack.aware.assignment.traffic_cost"),
    rackAwareAssignmentNonOverlapCost: number("rack.aware.assignment.non_overlap_cost"),
  };
}

function racksOf(
  group: AssignorGroup,
  tasks: readonly AssignableTask[],
): RackAwareness | undefined {
  const { racks, processes } = group;
  const { rackAwareAssignmentStrategy: strategy } = configsOf(group);
  if (racks === undefined || strategy === "none") return undefined;
  const rackOfProcess = new Map(processes.map(({ id, rack }) => [id, rack ?? ""]));
  return new RackAwareness({
    strategy,
    rackOf: ({ processId }: ClientState) => rackOfProcess.get(processId) ?? "",
    racksOf: ({ id }, kind) => [
      new Set(racks[`${kind === "active" ? "t" : "c"}${id.subtopology}-${id.partition}`]),
    ],
    subtopologies: [...new Set(tasks.map(({ id }) => id.subtopology))],
  });
}

/** A random number from 0 to below the bound. */
type Below = (bound: number) => number;

/** A group made at random: members with what they have from before, some of it moved, some of it behind. */
export function randomGroup(below: Below): AssignorGroup {
  const choose = <Choice>(choices: readonly Choice[]): Choice => choices[below(choices.length)];
  const assignor = choose(["ha", "ha", "ha", "sticky", "fallback"] as const);
  const tasks = randomTasks(below);
  const racks = assignor !== "fallback" && below(4) === 0 ? ["a", "b", "c"].slice(below(2)) : [];
  const processes = randomProcesses(below, { tasks, racks });
  const configs: Record<string, string> = {
    "num.standby.replicas": `${choose([0, 0, 1, 1, 2, 3])}`,
    "max.warmup.replicas": `${choose([1, 2, 2, 5])}`,
    "acceptable.recovery.lag": `${choose([0, 100, 10_000])}`,
  };
  if (racks.length === 0 && below(3) === 0)
    configs["rack.aware.assignment.tags"] = choose(["zone", "zone,cluster"]);
  if (racks.length === 0) return { assignor, tasks, processes, configs };
  configs["rack.aware.assignment.strategy"] = choose(["min_traffic", "balance_subtopology"]);
  if (below(2) === 0) configs["rack.aware.assignment.traffic_cost"] = `${below(12)}`;
  if (below(2) === 0) configs["rack.aware.assignment.non_overlap_cost"] = `${below(12)}`;
  const partitions = tasks.flatMap(({ name }) => {
    const at = name.replace("_", "-");
    return [`t${at}`, `c${at}`].map((one) => [one, sample(racks, 1 + below(2), below)] as const);
  });
  return { assignor, tasks, processes, configs, racks: Object.fromEntries(partitions) };
}

function sample<Item>(items: readonly Item[], count: number, below: Below): Item[] {
  const left = [...items];
  return Array.from({ length: Math.min(count, left.length) }, () => {
    const [taken] = left.splice(below(left.length), 1);
    return taken;
  });
}

function randomTasks(below: Below): AssignorGroup["tasks"] {
  return Array.from({ length: 1 + below(4) }, (_, subtopology) => {
    const isStateful = below(3) > 0;
    return Array.from({ length: 1 + below(9) }, (__, partition) => ({
      name: `${subtopology}_${partition}`,
      ...(isStateful ? { end: below(3) === 0 ? below(200) : 1000 + below(100_000) } : {}),
    }));
  }).flat();
}

function randomProcesses(
  below: Below,
  { tasks, racks }: { readonly tasks: AssignorGroup["tasks"]; readonly racks: readonly string[] },
): AssignorGroup["processes"] {
  const hex = (length: number): string =>
    Array.from({ length }, () => below(16).toString(16)).join("");
  const count = 1 + below(6);
  const owners = tasks.map(() => (below(5) === 0 ? -1 : below(count)));
  return Array.from({ length: count }, (_, index) => {
    const members = Array.from({ length: 1 + below(3) }, () => ({
      id: `m-${hex(6)}`,
      owned: [] as string[],
      sums: {} as Record<string, number>,
    }));
    for (const [at, { name, end }] of tasks.entries()) {
      const member = members[below(members.length)];
      if (owners[at] === index) {
        member.owned.push(name);
        if (end !== undefined) member.sums[name] = -2;
      } else if (end !== undefined && below(4) === 0)
        member.sums[name] = [end, Math.max(0, end - below(300)), below(end + 1), end + 5][below(4)];
    }
    return {
      id: `${hex(8)}-${hex(4)}-4${hex(3)}-${"89ab"[below(4)]}${hex(3)}-${hex(12)}`,
      tags: { zone: "xyz"[below(3)], cluster: "pq"[below(2)] },
      ...(racks.length > 0 ? { rack: racks[below(racks.length)] } : {}),
      members,
    };
  });
}
