import type { KafkaClient } from "@millrace/client";
import type { TopicPartition } from "@millrace/model";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { repeated, switchFlag, textFlag, type FlagValues } from "../flags/flag.ts";
import { refuseOtherKinds } from "../group-kind.ts";
import {
  planOffsets,
  plannedRows,
  targetFlags,
  targetNames,
  targetOf,
  type PlannedOffset,
} from "../offset-target.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";

const flags = {
  ...clusterFlags,
  group: textFlag({ placeholder: "ID", about: "the group; the same as a word without flag" }),
  topic: repeated(
    textFlag({ placeholder: "NAME[:P,P]", about: "a topic, or some of its partitions" }),
  ),
  "all-topics": switchFlag({ about: "all partitions that the group has committed" }),
  ...targetFlags,
  execute: switchFlag({ about: "do it; without this the new offsets are printed only" }),
  json: jsonFlag,
};
type ResetFlags = FlagValues<typeof flags>;

/** `millrace groups reset-offsets`: where a group goes on (Kafka: `kafka-consumer-groups --reset-offsets`). */
export const resetOffsetsCommand = command({
  path: "groups reset-offsets",
  summary: "move the offsets of a group",
  names: "[ID]",
  flags,
  notes: "The group must have no members: stop the consumers or the application first.",

  async run({ flags: given, names }, { print, signal }) {
    const groupId = groupOf(names, given.group);
    const target = targetOf(given, Date.now());
    if (target === undefined) throw new UsageError(`give one of ${targetNames}`);
    if (given.topic.length === 0 && !given["all-topics"])
      throw new UsageError("--topic is missing; give NAME, or --all-topics");
    const chosen = given.topic.map(parseTopic);
    await withClient(given, async (client) => {
      await refuseOtherKinds(client, groupId, signal);
      const partitions = await partitionsOf(client, groupId, { chosen, given, signal });
      const planned = await planOffsets(client, groupId, { partitions, target, signal });
      if (given.execute) await execute(client, groupId, planned, signal);
      if (given.json) for (const one of planned) print(JSON.stringify({ groupId, ...one }));
      else {
        const head = ["topic", "partition", "from", "to"];
        for (const line of tableLines(head, plannedRows(planned))) print(line);
        if (!given.execute) print("nothing is changed yet; --execute does it");
      }
    });
  },
});

function groupOf(words: readonly string[], flagged: string | undefined): string {
  const ids = new Set(flagged === undefined ? words : [...words, flagged]);
  const [id] = ids;
  if (ids.size === 1) return id;
  throw new UsageError("--group is missing or more than one; give the ID of one group");
}

interface ChosenTopic {
  readonly topic: string;
  readonly partitions: readonly number[] | undefined;
}

function parseTopic(text: string): ChosenTopic {
  if (!/^[^:]+(?::\d+(?:,\d+)*)?$/.test(text))
    throw new UsageError(`--topic is ${JSON.stringify(text)}; give NAME, or NAME:0,1`);
  const [topic, partitions] = text.split(":");
  return { topic, partitions: partitions?.split(",").map(Number) };
}

async function partitionsOf(
  { admin }: KafkaClient,
  groupId: string,
  {
    chosen,
    given,
    signal,
  }: {
    readonly chosen: readonly ChosenTopic[];
    readonly given: ResetFlags;
    readonly signal: AbortSignal;
  },
): Promise<readonly TopicPartition[]> {
  if (given["all-topics"]) return admin.groupOffsets(groupId, signal);
  const topics = await admin.describeTopics(
    chosen.map(({ topic }) => topic),
    signal,
  );
  return chosen.flatMap(({ topic, partitions }) => {
    const count = topics.get(topic)?.partitionCount;
    if (count === undefined) throw new CommandError(`there is no topic ${topic}`);
    const beyond = partitions?.find((partition) => partition >= count);
    if (beyond !== undefined)
      throw new CommandError(`${topic} has ${count} partitions, from 0; there is no ${beyond}`);
    const all = partitions ?? Array.from({ length: count }, (_, partition) => partition);
    return all.map((partition) => ({ topic, partition }));
  });
}

async function execute(
  { admin }: KafkaClient,
  groupId: string,
  planned: readonly PlannedOffset[],
  signal: AbortSignal,
): Promise<void> {
  const state = (await admin.listGroups(signal)).find((group) => group.groupId === groupId)?.state;
  if (state !== undefined && state !== "Empty" && state !== "Dead")
    throw new CommandError(
      `group ${groupId} has members (it is ${state}); stop them first, then move its offsets`,
    );
  await admin.alterGroupOffsets(groupId, planned, signal);
}
