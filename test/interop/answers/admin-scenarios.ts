import {
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
  describeClusterApi,
  describeConfigsApi,
  incrementalAlterConfigsApi,
} from "@millrace/protocol/definitions";

import type { Asking, Scenario } from "./asking.ts";

const unknownId = "AAAAAAAAAAAAAAAAAAAAEQ";
const topicType = 2;
const brokerType = 4;

interface AskedTopic {
  readonly name: string;
  readonly numPartitions?: number;
  readonly replicationFactor?: number;
  readonly assignments?: readonly {
    readonly partitionIndex: number;
    readonly brokerIds: number[];
  }[];
  readonly configs?: readonly { readonly name: string; readonly value: string | null }[];
}

function create(asking: Asking, label: string, topics: readonly AskedTopic[], more: object = {}) {
  const filled = topics.map((topic) => ({
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
    ...topic,
  }));
  return asking.ask(label, createTopicsApi, 7, { topics: filled as never, ...more });
}

async function creations(asking: Asking): Promise<void> {
  await create(asking, "none", []);
  await create(asking, "plain", [{ name: "plain" }]);
  await create(asking, "again", [{ name: "plain" }]);
  await create(asking, "one name twice", [{ name: "twice" }, { name: "twice" }]);
  await create(asking, "names that are not allowed", [
    { name: "" },
    { name: "." },
    { name: ".." },
    { name: "a b" },
    { name: "a/b" },
    { name: "n".repeat(250) },
    { name: "ü" },
  ]);
  await create(asking, "a name of 249", [{ name: "n".repeat(249) }]);
  await create(asking, "collides", [{ name: "pla.in" }, { name: "pla_in" }]);
  await create(asking, "the metadata's name", [{ name: "__cluster_metadata" }]);
  for (const numPartitions of [0, -1, -2, 2_000_000]) {
    await create(asking, `${numPartitions} partitions`, [
      { name: `p${numPartitions}`, numPartitions },
    ]);
  }
  for (const replicationFactor of [0, -1, -2, 2, 32_767]) {
    await create(asking, `${replicationFactor} replicas`, [
      { name: `r${replicationFactor}`, replicationFactor },
    ]);
  }
  const assigned = (label: string, of: readonly (readonly [number, readonly number[]])[]) =>
    create(asking, label, [
      {
        name: label.replaceAll(" ", "-"),
        numPartitions: -1,
        replicationFactor: -1,
        assignments: of.map(([partitionIndex, brokerIds]) => ({
          partitionIndex,
          brokerIds: [...brokerIds],
        })),
      },
    ]);
  await assigned("assigned to nobody", [[0, []]]);
  await assigned("assigned to a stranger", [[0, [4711]]]);
  await assigned("assigned with a gap", [[1, [4711]]]);
  await assigned("assigned twice", [
    [0, [4711]],
    [0, [4711]],
  ]);
  await assigned("assigned to negative", [[0, [-1]]]);
  await create(asking, "validated alone", [{ name: "phantom" }], { validateOnly: true });
  await create(asking, "validated alone again", [{ name: "phantom" }], { validateOnly: true });
}

/** Values as users write them: what is refused, and what becomes of the rest. */
const values: readonly (readonly [string, string | null])[] = [
  ["retention.ms", " 5000 "],
  ["retention.ms", "5_000"],
  ["retention.ms", "-1"],
  ["retention.ms", "-2"],
  ["retention.ms", "1e3"],
  ["retention.ms", "0x10"],
  ["retention.ms", "+7"],
  ["retention.ms", ""],
  ["retention.ms", null],
  ["retention.ms", "9223372036854775807"],
  ["retention.ms", "9223372036854775808"],
  ["retention.bytes", "-3"],
  ["cleanup.policy", "compact, delete"],
  ["cleanup.policy", "compact,delete"],
  ["cleanup.policy", " compact "],
  ["cleanup.policy", "Compact"],
  ["cleanup.policy", ""],
  ["cleanup.policy", "compact,compact"],
  ["cleanup.policy", "none"],
  ["cleanup.policy", "shrink"],
  ["compression.type", "GZIP"],
  ["compression.type", "zstd"],
  ["compression.type", "brotli"],
  ["segment.bytes", "13"],
  ["segment.bytes", "1048576"],
  ["segment.bytes", "2147483648"],
  ["segment.ms", "0"],
  ["max.message.bytes", "-1"],
  ["max.message.bytes", "0"],
  ["min.cleanable.dirty.ratio", "0.5"],
  ["min.cleanable.dirty.ratio", ".5"],
  ["min.cleanable.dirty.ratio", "1.5"],
  ["min.cleanable.dirty.ratio", "NaN"],
  ["min.insync.replicas", "0"],
  ["unclean.leader.election.enable", "TRUE"],
  ["unclean.leader.election.enable", " true "],
  ["unclean.leader.election.enable", "yes"],
  ["message.timestamp.type", "LogAppendTime"],
  ["message.timestamp.type", "logappendtime"],
  ["message.timestamp.before.max.ms", "-1"],
  ["flush.messages", "0"],
  ["leader.replication.throttled.replicas", "0:1,*"],
  ["leader.replication.throttled.replicas", "*"],
  ["no.such.config", "1"],
  ["", "1"],
  ["RETENTION.MS", "1"],
];

async function configValues(asking: Asking): Promise<void> {
  for (const [index, [name, value]] of values.entries()) {
    const topic = `v${index}`;
    const label = `${name} = ${value === null ? "null" : JSON.stringify(value)}`;
    await create(asking, `created, ${label}`, [{ name: topic, configs: [{ name, value }] }]);
  }
  await create(asking, "one config twice", [
    {
      name: "config-twice",
      configs: [
        { name: "retention.ms", value: "1000" },
        { name: "retention.ms", value: "2000" },
      ],
    },
  ]);
  await asking.topic("valued");
  for (const [name, value] of values) {
    const label = `${name} = ${value === null ? "null" : JSON.stringify(value)}`;
    await alter(asking, `set, ${label}`, [[name, 0, value]], { name: "valued" });
    await asking.ask(`then ${label}`, describeConfigsApi, 4, {
      resources: [{ resourceType: topicType, resourceName: "valued", configurationKeys: [name] }],
    });
  }
}

function alter(
  asking: Asking,
  label: string,
  configs: readonly (readonly [string, number, string | null])[],
  resource: {
    readonly type?: number;
    readonly name?: string;
    readonly validateOnly?: boolean;
  } = {},
) {
  return asking.ask(label, incrementalAlterConfigsApi, 1, {
    resources: [
      {
        resourceType: resource.type ?? topicType,
        resourceName: resource.name ?? "altered",
        configs: configs.map(([name, configOperation, value]) => ({
          name,
          configOperation,
          value,
        })),
      },
    ],
    validateOnly: resource.validateOnly ?? false,
  });
}

async function alterations(asking: Asking): Promise<void> {
  await asking.topic("altered");
  await alter(asking, "nothing", []);
  await alter(asking, "deleted, unset", [["retention.ms", 1, null]]);
  await alter(asking, "appended to a list", [["cleanup.policy", 2, "compact"]]);
  await alter(asking, "appended again", [["cleanup.policy", 2, "compact"]]);
  await alter(asking, "appended with a blank", [["cleanup.policy", 2, " delete"]]);
  await alter(asking, "subtracted", [["cleanup.policy", 3, "delete"]]);
  await alter(asking, "subtracted the last", [["cleanup.policy", 3, "compact"]]);
  await alter(asking, "appended to no list", [["retention.ms", 2, "5"]]);
  await alter(asking, "operation 4", [["retention.ms", 4, "5"]]);
  await alter(asking, "operation -1", [["retention.ms", -1, "5"]]);
  await alter(asking, "set to null", [["retention.ms", 0, null]]);
  await alter(asking, "one name twice", [
    ["retention.ms", 0, "5"],
    ["retention.ms", 0, "6"],
  ]);
  await alter(asking, "one good, one bad", [
    ["retention.ms", 0, "5"],
    ["segment.bytes", 0, "x"],
  ]);
  await alter(asking, "unknown topic", [["retention.ms", 0, "5"]], { name: "nowhere" });
  await alter(asking, "empty topic", [["retention.ms", 0, "5"]], { name: "" });
  await alter(asking, "name that is not allowed", [["retention.ms", 0, "5"]], { name: "a b" });
  await alter(asking, "unknown kind", [["retention.ms", 0, "5"]], { type: 77 });
  await alter(asking, "kind 0", [["retention.ms", 0, "5"]], { type: 0 });
  await alter(asking, "validated alone", [["retention.ms", 0, "777"]], { validateOnly: true });
  await asking.ask("one resource twice", incrementalAlterConfigsApi, 1, {
    resources: [1, 2].map((value) => ({
      resourceType: topicType,
      resourceName: "altered",
      configs: [{ name: "retention.ms", configOperation: 0, value: `${value}` }],
    })),
    validateOnly: false,
  });
  const describe = (label: string, resources: readonly object[]) =>
    asking.ask(label, describeConfigsApi, 4, { resources: resources as never });
  const resource = { resourceType: topicType, resourceName: "altered" };
  const keys = ["retention.ms", "cleanup.policy"];
  await describe("described", [{ ...resource, configurationKeys: keys }]);
  await describe("keys twice and unknown", [
    { ...resource, configurationKeys: ["retention.ms", "retention.ms", "nope", ""] },
  ]);
  await describe("no keys", [{ ...resource, configurationKeys: [] }]);
  await describe("one resource twice", [
    { ...resource, configurationKeys: ["retention.ms"] },
    { ...resource, configurationKeys: ["cleanup.policy"] },
  ]);
  await describe("unknown, empty, not allowed", [
    { resourceType: topicType, resourceName: "nowhere", configurationKeys: keys },
    { resourceType: topicType, resourceName: "", configurationKeys: keys },
    { resourceType: topicType, resourceName: "a b", configurationKeys: keys },
  ]);
  await describe("unknown kinds", [
    { resourceType: 77, resourceName: "x", configurationKeys: keys },
    { resourceType: 0, resourceName: "x", configurationKeys: keys },
    { resourceType: -1, resourceName: "x", configurationKeys: keys },
  ]);
  await describe("brokers", [
    { resourceType: brokerType, resourceName: "x", configurationKeys: ["log.retention.hours"] },
    { resourceType: brokerType, resourceName: "4711", configurationKeys: ["log.retention.hours"] },
  ]);
}

async function partitionsAndRemovals(asking: Asking): Promise<void> {
  await asking.topic("grows", { partitions: 2 });
  const grow = (label: string, topics: readonly object[], more: object = {}) =>
    asking.ask(label, createPartitionsApi, 3, {
      topics: topics.map((topic) => ({ assignments: null, ...topic })) as never,
      timeoutMs: 5000,
      validateOnly: false,
      ...more,
    });
  for (const count of [0, -1, 1, 2]) {
    await grow(`to ${count}`, [{ name: "grows", count }]);
  }
  await grow("validated alone", [{ name: "grows", count: 5 }], { validateOnly: true });
  await grow("to 3", [{ name: "grows", count: 3 }]);
  await grow("one topic twice", [
    { name: "grows", count: 4 },
    { name: "grows", count: 5 },
  ]);
  await grow("unknown, empty, not allowed", [
    { name: "nowhere", count: 5 },
    { name: "", count: 5 },
    { name: "a b", count: 5 },
  ]);
  await grow("too few assignments", [{ name: "grows", count: 6, assignments: [] }]);
  await grow("assigned to a stranger", [
    { name: "grows", count: 4, assignments: [{ brokerIds: [4711] }] },
  ]);
  const one = await asking.topic("goes-1");
  const two = await asking.topic("goes-2");
  const remove = (label: string, topics: readonly object[]) =>
    asking.ask(label, deleteTopicsApi, 6, { topics: topics as never, timeoutMs: 5000 });
  await remove("none", []);
  await remove("by name and id", [{ name: "goes-1", topicId: one.id }]);
  await remove("by neither", [{ name: null }]);
  await remove("by an unknown id", [{ name: null, topicId: unknownId }]);
  await remove("unknown, empty, not allowed", [{ name: "nowhere" }, { name: "" }, { name: "a b" }]);
  await remove("one name twice", [{ name: "goes-1" }, { name: "goes-1" }]);
  await remove("by name, and by its id", [{ name: "goes-2" }, { name: null, topicId: two.id }]);
  await remove("one id twice", [
    { name: null, topicId: two.id },
    { name: null, topicId: two.id },
  ]);
  await remove("by id", [{ name: null, topicId: two.id }]);
  await asking.ask("version 5, twice", deleteTopicsApi, 5, {
    topicNames: ["goes-1", "goes-1"],
    timeoutMs: 5000,
  });
  await remove("goes", [{ name: "goes-1" }]);
}

async function cluster(asking: Asking): Promise<void> {
  for (const endpointType of [0, 1, 2, 3]) {
    await asking.ask(`endpoint type ${endpointType}`, describeClusterApi, 2, {
      includeClusterAuthorizedOperations: false,
      endpointType,
      includeFencedBrokers: false,
    });
  }
}

export const adminScenarios: readonly Scenario[] = [
  { name: "create topics", run: creations },
  { name: "configs: values as they are written", run: configValues },
  { name: "configs: alterations and descriptions", run: alterations },
  { name: "partitions added, topics deleted", run: partitionsAndRemovals },
  { name: "describe cluster", run: cluster },
];
