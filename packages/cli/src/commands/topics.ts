import type { TopicResult } from "@millrace/cluster";
import type { KafkaClient } from "@millrace/client";
import { KafkaError } from "@millrace/protocol";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { numberFlag, pairsFlag, repeated, switchFlag, textFlag } from "../flags/flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { topicNames } from "../topic-names.ts";
import { UsageError } from "../usage-error.ts";

const topicFlag = repeated(
  textFlag({ placeholder: "NAME", about: "a topic; the same as a name without flag" }),
);

const list = command({
  path: "topics list",
  summary: "list the topics",
  flags: {
    ...clusterFlags,
    internal: switchFlag({ about: "the cluster's own topics, too" }),
    json: jsonFlag,
  },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async (client) => {
      const topics = (await client.admin.listTopics(signal))
        .filter(({ isInternal }) => flags.internal || !isInternal)
        .sort((left, right) => (left.name < right.name ? -1 : 1));
      for (const { name, partitionCount, isInternal } of topics)
        print(flags.json ? JSON.stringify({ name, partitionCount, isInternal }) : name);
    }),
});

const describe = command({
  path: "topics describe",
  summary: "tell partitions and offsets of topics",
  names: "NAME…",
  flags: { ...clusterFlags, topic: topicFlag, json: jsonFlag },
  run: ({ flags, names }, terminal) =>
    withClient(flags, async (client) => {
      const wanted = topicNames(names, flags.topic);
      const topics = await client.admin.describeTopics(wanted, terminal.signal);
      const missing = wanted.filter((name) => !topics.has(name));
      if (missing.length > 0) throw new CommandError(`there is no topic ${missing.join(", ")}`);
      for (const name of wanted) {
        const topic = topics.get(name);
        const partitions = await offsetsOf(client, name, topic?.partitionCount ?? 0, terminal);
        if (flags.json) {
          terminal.print(JSON.stringify({ name, topicId: topic?.topicId, partitions }));
          continue;
        }
        terminal.print(`${name}  id ${topic?.topicId ?? "none"}`);
        const rows = partitions.map(({ partition, start, end }) => [partition, start, end]);
        for (const line of tableLines(["partition", "start", "end"], rows))
          terminal.print(`  ${line}`);
      }
    }),
});

async function offsetsOf(
  { admin }: KafkaClient,
  topic: string,
  partitionCount: number,
  { signal }: Terminal,
): Promise<readonly { partition: number; start: number; end: number }[]> {
  const at = (where: "earliest" | "latest") =>
    admin.listOffsets(
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition, at: where })),
      { signal },
    );
  const [starts, ends] = await Promise.all([at("earliest"), at("latest")]);
  return starts.map(({ partition, offset }, index) => ({
    partition,
    start: offset,
    end: ends[index].offset,
  }));
}

const create = command({
  path: "topics create",
  summary: "make topics",
  names: "NAME…",
  flags: {
    ...clusterFlags,
    topic: topicFlag,
    partitions: numberFlag({ min: 1, max: 100_000, about: "default: the cluster's" }),
    "replication-factor": numberFlag({ min: 1, max: 32_767, about: "default: the cluster's" }),
    config: pairsFlag({ about: "a setting of the topic, such as cleanup.policy=compact" }),
    "if-not-exists": switchFlag({ about: "a topic that is there already is no failure" }),
  },
  run: ({ flags, names }, terminal) =>
    withClient(flags, async ({ admin }) => {
      const topics = topicNames(names, flags.topic).map((name) => ({
        name,
        partitionCount: flags.partitions ?? -1,
        replicationFactor: flags["replication-factor"] ?? -1,
        configs: Object.fromEntries(flags.config),
      }));
      const results = await admin.createTopics(topics, terminal.signal);
      const forgiven = flags["if-not-exists"] ? "TOPIC_ALREADY_EXISTS" : undefined;
      report(results, { done: "made", forgiven, left: "is there already" }, terminal);
    }),
});

const alter = command({
  path: "topics alter",
  summary: "give topics more partitions",
  names: "NAME…",
  flags: {
    ...clusterFlags,
    topic: topicFlag,
    partitions: numberFlag({ min: 1, max: 100_000, about: "how many there are to be" }),
  },
  notes:
    "Records with keys go to other partitions from then on; nothing is moved. millrace configs alter changes settings.",
  run: ({ flags, names }, terminal) =>
    withClient(flags, async ({ admin }) => {
      const { partitions: partitionCount } = flags;
      if (partitionCount === undefined) throw new UsageError("--partitions is missing; give N");
      const topics = topicNames(names, flags.topic).map((name) => ({ name, partitionCount }));
      const results = await admin.createPartitions(topics, terminal.signal);
      const done = `has ${partitionCount} partitions now`;
      report(results, { done, forgiven: undefined, left: "" }, terminal);
    }),
});

const noSuchTopic = "UNKNOWN_TOPIC_OR_PARTITION";

const remove = command({
  path: "topics delete",
  summary: "delete topics with all their records",
  names: "NAME…",
  flags: {
    ...clusterFlags,
    topic: topicFlag,
    "if-exists": switchFlag({ about: "a topic that is not there is no failure" }),
  },
  run: ({ flags, names }, terminal) =>
    withClient(flags, async ({ admin }) => {
      const results = await admin.deleteTopics(topicNames(names, flags.topic), terminal.signal);
      const forgiven = flags["if-exists"] ? noSuchTopic : undefined;
      report(results, { done: "deleted", forgiven, left: "is not there" }, terminal);
    }),
});

/** `millrace topics`: lists, describes, makes, alters and deletes topics. */
export const topicsCommands: readonly Command[] = [list, describe, create, alter, remove];

interface Outcome {
  readonly done: string;
  /** Kafka's code of the error that is none here. */
  readonly forgiven: string | undefined;
  readonly left: string;
}

/** Tells what was done for each topic; the first failure is thrown after all were told. */
function report(
  results: readonly TopicResult[],
  { done, forgiven, left }: Outcome,
  { print }: Terminal,
): void {
  const failures: string[] = [];
  for (const { name, error } of results) {
    if (error === undefined) print(`${name} ${done}`);
    else if (forgiven !== undefined && kafkaCode(error) === forgiven) print(`${name} ${left}`);
    else if (kafkaCode(error) === noSuchTopic) failures.push(`there is no topic ${name}`);
    else failures.push(error.message);
  }
  if (failures.length > 0) throw new CommandError(failures.join("; "));
}

/** Kafka's own code, also where the client tells it in words of its own. */
function kafkaCode(error: unknown): string | undefined {
  if (error instanceof KafkaError) return error.code;
  return error instanceof Error && error.cause !== undefined ? kafkaCode(error.cause) : undefined;
}
