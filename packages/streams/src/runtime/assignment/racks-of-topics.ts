import type { ClusterAdmin } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import type { AssignmentConfigs } from "./assignor/assignment-configs.ts";
import type { AssignableTask, ClientState, TaskKind } from "./assignor/client-state.ts";
import type { GroupProcess } from "./assignor/group-processes.ts";
import { RackAwareness } from "./assignor/rack-awareness.ts";
import type { TaskLayout } from "./task-layout.ts";

type Racks = ReadonlySet<string>;
type TopicDescriber = Pick<ClusterAdmin, "describeTopics">;

/** Undefined where racks are not asked for, or not known of each process and each partition: as in Kafka, they count then for none. */
export async function rackAwareness(
  layout: TaskLayout,
  clients: readonly { readonly instance: GroupProcess; readonly state: ClientState }[],
  { admin, configs }: { readonly admin: TopicDescriber; readonly configs: AssignmentConfigs },
  signal: AbortSignal | undefined,
): Promise<RackAwareness | undefined> {
  const { rackAwareAssignmentStrategy: strategy, numStandbyReplicas } = configs;
  if (strategy === "none") return undefined;
  const rackOfClient = new Map<ClientState, string>();
  for (const { instance, state } of clients)
    if (instance.rackId !== undefined) rackOfClient.set(state, instance.rackId);
  if (rackOfClient.size < clients.length) return undefined;
  const { all } = layout.tasks;
  const read = all.flatMap((task) => layout.inputsOf(task));
  const logged = numStandbyReplicas === 0 ? [] : all.flatMap((task) => layout.changelogsOf(task));
  const known = await racksOfTopics([...read, ...logged], admin, signal);
  const racksOf = ({ topic, partition }: TopicPartition): Racks | undefined =>
    known.get(topic)?.[partition];
  if ([...read, ...logged].some((one) => racksOf(one) === undefined)) return undefined;
  return new RackAwareness({
    strategy,
    rackOf: (client) => rackOfClient.get(client) ?? "",
    racksOf: (task: AssignableTask, kind: TaskKind) =>
      (kind === "active" ? layout.inputsOf(task) : layout.changelogsOf(task)).map(
        (one) => racksOf(one) ?? new Set(),
      ),
    subtopologies: [...new Set(all.map(({ id }) => id.subtopology))],
  });
}

async function racksOfTopics(
  partitions: readonly TopicPartition[],
  admin: TopicDescriber,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly (Racks | undefined)[]>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const described = await admin.describeTopics(topics, signal);
  return new Map(
    [...described].map(([topic, { replicaRacks = [] }]) => [
      topic,
      replicaRacks.map((racks) => (racks === undefined ? undefined : new Set(racks))),
    ]),
  );
}
