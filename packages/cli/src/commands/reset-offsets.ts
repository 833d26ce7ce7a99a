import type { KafkaClient } from "@millrace/client";
import type { OffsetSpecification } from "@millrace/cluster";
import { topicPartitionName, type TopicPartition } from "@millrace/model";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { numberFlag, repeated, switchFlag, textFlag, type FlagValues } from "../flags/flag.ts";
import { refuseOtherKinds } from "../group-kind.ts";
import { parseTime } from "../start-offset.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";

const flags = {
  ...clusterFlags,
  group: textFlag({ placeholder: "ID", about: "the group; the same as a word without flag" }),
  topic: repeated(
    textFlag({ placeholder: "NAME[:P,P]", about: "a topic, or some of its partitions" }),
  ),
  "all-topics": switchFlag({ about: "all partitions that the group has committed" }),
  "to-earliest": switchFlag({ about: "to the first record" }),
  "to-latest": switchFlag({ about: "behind the last record" }),
  "to-offset": numberFlag({ about: "to this offset" }),
  "to-datetime": textFlag({
    placeholder: "TIME",
    about: "to the first record of 2026-01-31T12:00Z or later; without a zone it is UTC",
  }),
  "shift-by": numberFlag({
    min: Number.MIN_SAFE_INTEGER,
    about: "forward, or back where it is negative",
  }),
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
    const target = targetOf(given);
    if (given.topic.length === 0 && !given["all-topics"])
      throw new UsageError("--topic is missing; give NAME, or --all-topics");
    const chosen = given.topic.map(parseTopic);
    await withClient(given, async (client) => {
      await refuseOtherKinds(client, groupId, signal);
      const partitions = await partitionsOf(client, groupId, { chosen, given, signal });
      const planned = await plan(client, groupId, { partitions, target, signal });
      if (given.execute) await execute(client, groupId, planned, signal);
      if (given.json) for (const one of planned) print(JSON.stringify({ groupId, ...one }));
      else {
        const rows = planned.map((one) => [one.topic, one.partition, one.from ?? "-", one.offset]);
        for (const line of tableLines(["topic", "partition", "from", "to"], rows)) print(line);
        if (!given.execute) print("nothing is changed yet; --execute does it");
      }
    });
  },
});

type Target =
  | { readonly kind: "at"; readonly at: OffsetSpecification }
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "shift"; readonly by: number };

const targetNames = "--to-earliest, --to-latest, --to-offset, --to-datetime or --shift-by";

function targetOf(given: ResetFlags): Target {
  const targets: Target[] = [];
  const { "to-offset": offset, "to-datetime": time, "shift-by": by } = given;
  if (given["to-earliest"]) targets.push({ kind: "at", at: "earliest" });
  if (given["to-latest"]) targets.push({ kind: "at", at: "latest" });
  if (offset !== undefined) targets.push({ kind: "offset", offset });
  if (by !== undefined) targets.push({ kind: "shift", by });
  if (time !== undefined)
    targets.push({ kind: "at", at: { timestamp: parseTime("--to-datetime", time) } });
  if (targets.length === 1) return targets[0];
  throw new UsageError(`give one of ${targetNames}`);
}

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

interface PlannedOffset extends TopicPartition {
  /** Undefined: nothing is committed. */
  readonly from: number | undefined;
  readonly offset: number;
}

/** New offsets, within what the partitions have. */
async function plan(
  { admin }: KafkaClient,
  groupId: string,
  {
    partitions,
    target,
    signal,
  }: {
    readonly partitions: readonly TopicPartition[];
    readonly target: Target;
    readonly signal: AbortSignal;
  },
): Promise<readonly PlannedOffset[]> {
  const at = (where: OffsetSpecification) =>
    admin.listOffsets(
      partitions.map(({ topic, partition }) => ({ topic, partition, at: where })),
      { signal },
    );
  const [starts, ends] = [await at("earliest"), await at("latest")];
  const found = target.kind === "at" ? await at(target.at) : [];
  const committed = new Map(
    (await admin.groupOffsets(groupId, signal)).map((one) => [nameOf(one), one.offset]),
  );
  return partitions.map(({ topic, partition }, index) => {
    const from = committed.get(topicPartitionName(topic, partition));
    const start = starts[index].offset;
    const end = ends[index].offset;
    let offset = end; // also where no record is as late as the time asked for
    if (target.kind === "offset") offset = target.offset;
    if (target.kind === "shift") offset = (from ?? start) + target.by;
    if (target.kind === "at" && found[index].offset >= 0) offset = found[index].offset;
    return { topic, partition, from, offset: Math.min(Math.max(offset, start), end) };
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

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
