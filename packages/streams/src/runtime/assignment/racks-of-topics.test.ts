import type { TopicDescription } from "@millrace/cluster";
import { expect, test } from "vitest";

import { defaultAssignmentConfigs } from "./assignor/assignment-configs.ts";
import { groupProcesses, type GroupMember } from "./assignor/group-processes.ts";
import { assignHighlyAvailable } from "./assignor/high-availability-assignor.ts";
import { rackAwareness } from "./racks-of-topics.ts";
import { latestVersion } from "./subscription-info.ts";
import { TaskLayout } from "./task-layout.ts";

const replicaRacks = [["b"], ["b"], ["a"], ["a"]];

function described(racks: TopicDescription["replicaRacks"]) {
  const topic = { name: "t", topicId: undefined, partitionCount: 4, isInternal: false };
  return {
    describeTopics: async (names: readonly string[]) =>
      new Map(names.map((name) => [name, { ...topic, name, replicaRacks: racks }])),
    createTopics: async () => [],
  };
}

function member(number: number, rackId?: string): GroupMember {
  return {
    memberId: `m${number}`,
    ownedPartitions: [],
    rackId,
    info: {
      version: latestVersion,
      latestSupportedVersion: latestVersion,
      processId: `0000000${number}-0000-4000-8000-000000000000`,
      userEndPoint: "",
      taskOffsetSums: [],
      uniqueField: 0,
      errorCode: 0,
      clientTags: new Map(),
    },
  };
}

/** The tasks of each member, in their order. */
async function assigned(
  members: readonly GroupMember[],
  racks: TopicDescription["replicaRacks"],
): Promise<readonly (readonly string[])[]> {
  const admin = described(racks);
  const subtopology = {
    id: 0,
    sourceTopics: ["t"],
    sourcePatterns: [],
    sinkTopics: [],
    repartitionTopics: [],
    changelogTopics: [],
  };
  const options = { admin, subtopologies: [subtopology], replicationFactor: 1 };
  const layout = await TaskLayout.make(options, new Map([["t", 4]]));
  const configs = {
    ...defaultAssignmentConfigs,
    rackAwareAssignmentStrategy: "min_traffic",
  } as const;
  const clients = groupProcesses(members).map((instance) => ({
    instance,
    state: instance.clientState(layout.tasks, new Map()),
  }));
  const awareness = await rackAwareness(layout, clients, { admin, configs }, undefined);
  const states = clients.map(({ state }) => state);
  assignHighlyAvailable({ tasks: layout.tasks.all, clients: states }, configs, awareness);
  return states.map(({ active }) => [...active].map(({ name }) => name).sort());
}

test("tasks read from their own rack, and each process has as many as without", async () => {
  const members = [member(1, "a"), member(2, "b")];
  expect(await assigned(members, replicaRacks)).toEqual([
    ["0_2", "0_3"],
    ["0_0", "0_1"],
  ]);
});

test("racks count for nothing where one is not known", async () => {
  const plain = await assigned([member(1), member(2)], replicaRacks);
  expect(plain).toEqual([
    ["0_0", "0_2"],
    ["0_1", "0_3"],
  ]);
  expect(await assigned([member(1, "a"), member(2)], replicaRacks)).toEqual(plain);
  const unknown = [["b"], undefined, ["a"], ["a"]];
  expect(await assigned([member(1, "a"), member(2, "b")], unknown)).toEqual(plain);
});
