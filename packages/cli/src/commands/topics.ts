import { parseArgs } from "node:util";

import type { ClusterClient, TopicResult } from "@millrace/cluster";

import { bootstrapOption, bootstrapUsage, connectTo } from "../cluster-options.ts";
import type { Command, Terminal } from "../command.ts";
import { UsageError } from "../usage-error.ts";

/** `millrace topics`: lists, describes, makes and deletes topics. */
export const topicsCommand: Command = {
  name: "topics",
  summary: "list, describe, make and delete topics",
  usage: `millrace topics [list]
millrace topics describe NAME…
millrace topics create NAME… [--partitions N] [--replication-factor N] [--set CONFIG=VALUE]…
millrace topics delete NAME…

${bootstrapUsage}`,

  async run(parameters, terminal) {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: {
        ...bootstrapOption,
        partitions: { type: "string", default: "-1" },
        "replication-factor": { type: "string", default: "-1" },
        set: { type: "string", multiple: true, default: [] },
      },
    });
    const [action = "list", ...names] = positionals;
    await using client = connectTo(values.bootstrap);
    switch (action) {
      case "list":
        return list(client, terminal);
      case "describe":
        return describe(client, terminal, names);
      case "create": {
        const configs = Object.fromEntries(values.set.map(pairOf));
        const partitionCount = Number(values.partitions);
        const replicationFactor = Number(values["replication-factor"]);
        const topics = names.map((name) => ({ name, partitionCount, replicationFactor, configs }));
        return report(await client.admin.createTopics(topics), "made", terminal);
      }
      case "delete":
        return report(await client.admin.deleteTopics(names), "deleted", terminal);
      default:
        throw new UsageError(
          `millrace topics ${action}: there are list, describe, create and delete`,
        );
    }
  },
};

async function list(client: ClusterClient, terminal: Terminal): Promise<void> {
  const topics = await client.admin.listTopics(terminal.signal);
  for (const name of topics.map((topic) => topic.name).sort()) terminal.print(name);
}

async function describe(
  client: ClusterClient,
  terminal: Terminal,
  names: readonly string[],
): Promise<void> {
  const topics = await client.admin.describeTopics(names, terminal.signal);
  for (const name of names) {
    const topic = topics.get(name);
    if (topic === undefined) throw new UsageError(`there is no topic ${name}`);
    const partitions = Array.from({ length: topic.partitionCount }, (_, partition) => ({
      topic: name,
      partition,
    }));
    const starts = await client.admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "earliest" as const })),
    );
    const ends = await client.admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "latest" as const })),
    );
    terminal.print(`${name}  id ${topic.topicId ?? "none"}  partitions ${topic.partitionCount}`);
    for (const { partition } of partitions) {
      terminal.print(
        `  ${partition}  offsets ${starts[partition].offset} to ${ends[partition].offset}`,
      );
    }
  }
}

function report(results: readonly TopicResult[], done: string, terminal: Terminal): void {
  for (const { name, error } of results) {
    if (error !== undefined) throw error;
    terminal.print(`${name} ${done}`);
  }
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`--set ${text}: give CONFIG=VALUE`);
}
