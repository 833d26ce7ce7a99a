import type { KafkaClient } from "@millrace/client";
import type { BatchWriter } from "@millrace/cluster";
import { partitionForKey, topicPartitionName, type TopicPartition } from "@millrace/model";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { noteOf } from "../dead-letter.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { repeated, switchFlag, textFlag } from "../flags/flag.ts";
import { LetterSources } from "../letter-sources.ts";
import { ReplayProgress } from "../replay-progress.ts";
import {
  readRanges,
  type OffsetRange,
  type ReadRecords,
  type StoredRecord,
} from "../read-ranges.ts";
import { GrowingTable } from "../terminal/print-table.ts";
import { topicName } from "../topic-names.ts";
import { UsageError } from "../usage-error.ts";

const flags = {
  ...clusterFlags,
  topic: textFlag({ placeholder: "NAME", about: "the deadLetterTopic; the same as a word" }),
  group: textFlag({
    placeholder: "ID",
    about: "who keeps how far letters were replayed; by default millrace-replay-NAME",
  }),
};

const list = command({
  path: "dead-letters list",
  summary: "show the records that an application has left out, and why",
  names: "NAME",
  flags: {
    ...flags,
    from: textFlag({ placeholder: "TOPIC", about: "only records that came from this topic" }),
    exception: textFlag({ placeholder: "NAME", about: "only those with this error" }),
    json: jsonFlag,
  },
  run: ({ flags: given, names }, { print, signal }) =>
    withClient(given, async (client) => {
      const topic = topicName(names, given.topic);
      const progress = await ReplayProgress.read(client, groupOf(given.group, topic), signal);
      const table = new GrowingTable(
        ["letter", "time", "from", "exception", "replayed", "message"],
        [8, 24, 16, 12, 8, 0],
      );
      if (!given.json) print(table.head);
      for await (const { records } of readRanges(client, await all(client, topic, signal), signal))
        for (const letter of records) {
          const note = noteOf(letter);
          if (given.from !== undefined && note.origin?.topic !== given.from) continue;
          if (given.exception !== undefined && note.exception !== given.exception) continue;
          const isReplayed = progress.has(letter);
          const { partition, offset, timestamp } = letter;
          if (given.json)
            print(JSON.stringify({ partition, offset, timestamp, ...note, isReplayed }));
          else {
            const { origin, exception, message } = note;
            const from = origin === undefined ? "-" : `${nameOf(origin)}@${origin.offset}`;
            const time = new Date(timestamp).toISOString();
            const state = isReplayed ? "yes" : "no";
            print(
              table.line([`${partition}:${offset}`, time, from, exception, state, inLine(message)]),
            );
          }
        }
    }),
});

const replay = command({
  path: "dead-letters replay",
  summary: "write dead letters back to where they came from, each once",
  names: "NAME",
  flags: {
    ...flags,
    letter: repeated(
      textFlag({ placeholder: "P:OFFSET", about: "only this one, replayed before or not" }),
    ),
    to: textFlag({ placeholder: "TOPIC", about: "write them there, by their keys" }),
    execute: switchFlag({ about: "do it; without this they are counted only" }),
  },
  notes: `Mend what made them fail first. A letter holds key and value as they were read from the topic that its headers name, and they are written back, with the time and
headers of the record as long as it is there, else with those that it failed with. One that holds neither key nor value is read there, and left out where that is not known. Those of timers, and of rows that nobody has met in a join of two streams, name no topic, and need --to, which takes all that are left, or with --letter one that was left out before. What was replayed is committed in the same transaction as the records: a second call, or one after a
crash, goes on behind it. It is a new record to all who read the topic: what had processed it already does so once more. One that --letter names is written whether or not it was replayed before, and is replayed from then on.`,
  run: ({ flags: given, names }, { print, signal }) =>
    withClient(given, async (client) => {
      const topic = topicName(names, given.topic);
      const group = groupOf(given.group, topic);
      const present = await all(client, topic, signal);
      const chosen = given.letter.map((text) => letterOf(present, topic, text));
      const isAll = chosen.length === 0;
      const absent = new Set(chosen.map(({ partition, from }) => `${partition}:${from}`));
      const counts = { replayed: 0, withoutOrigin: 0, withoutTopic: 0, gone: 0 };
      const writer = given.execute ? client.openWriter({ transactionalId: group }) : undefined;
      // Before it is asked how far others came: what they have begun is over from here on.
      await writer?.initialize(signal);
      const progress = await ReplayProgress.read(client, group, signal);
      const read = isAll
        ? readRanges(client, progress.rest(present), signal)
        : readEach(client, chosen, signal);
      for await (const { records, next } of read) {
        const sources = await LetterSources.read(client, records, signal);
        const done: StoredRecord[] = [];
        writer?.begin();
        for (const letter of records) {
          if (isAll && progress.has(letter)) continue;
          absent.delete(`${letter.partition}:${letter.offset}`);
          const outcome = await replayed(letter, { to: given.to, sources, writer, signal });
          counts[outcome] += 1;
          if (outcome === "replayed") done.push(letter);
        }
        const noted = isAll ? progress.advance(next) : progress.add(done);
        if (noted.length > 0)
          await writer?.sendOffsets(noted, { groupId: group, ...nobody }, signal);
        await writer?.commit(signal);
      }
      await writer?.close();
      const verb = given.execute ? "replayed" : "to replay";
      print(`${counts.replayed} ${verb}`);
      // It goes on behind them from now on.
      const cure = given.execute && isAll ? "--letter with --to does" : "--to does";
      if (counts.withoutOrigin > 0)
        print(
          `${counts.withoutOrigin} left out: their headers do not say where they came from; ${cure}`,
        );
      if (counts.withoutTopic > 0)
        print(
          `${counts.withoutTopic} left out: the topic that they came from is gone, or the cluster's own; ${cure}`,
        );
      if (counts.gone > 0)
        print(
          `${counts.gone} left out: they hold no record, and where they came from it is gone, or nobody knows where that is`,
        );
      if (!given.execute) print("nothing is written yet; --execute does it");
      // The end of a transaction is no letter.
      if (absent.size > 0)
        throw new CommandError(`${topic} has no letter ${[...absent].join(", ")}`);
    }),
});

/** `millrace dead-letters`: what applications have left out. */
export const deadLetterCommands: readonly Command[] = [list, replay];

/** Offsets are committed from outside of the group, which has no members. */
const nobody = { generationId: -1, memberId: "", groupInstanceId: null };

type Outcome = "replayed" | "withoutOrigin" | "withoutTopic" | "gone";

async function replayed(
  letter: StoredRecord,
  {
    to,
    sources,
    writer,
    signal,
  }: {
    readonly to: string | undefined;
    readonly sources: LetterSources;
    readonly writer: BatchWriter | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Outcome> {
  const { origin } = noteOf(letter);
  const topic = to ?? origin?.topic;
  if (topic === undefined) return "withoutOrigin";
  if (to === undefined && !sources.hasTopic(topic)) return "withoutTopic";
  const record = sources.recordOf(letter);
  if (record === undefined) return "gone";
  if (writer === undefined) return "replayed";
  await writer.prepare([topic], signal);
  const partitionCount = writer.partitionCount(topic) ?? 1;
  const isBack = to === undefined && origin !== undefined && origin.partition < partitionCount;
  const partition = isBack
    ? origin.partition
    : record.key === null
      ? letter.offset % partitionCount
      : partitionForKey(record.key, partitionCount);
  const { timestamp, key, value, headers } = record;
  if (!writer.partition(topic, partition).append(timestamp, key, value, headers))
    await writer.drained(signal);
  return "replayed";
}

/** Several may be of one partition, which is read once at a time. */
async function* readEach(
  client: KafkaClient,
  ranges: readonly OffsetRange[],
  signal: AbortSignal,
): AsyncGenerator<ReadRecords> {
  const once = new Map(ranges.map((one) => [`${nameOf(one)}@${one.from}`, one]));
  for (const range of once.values()) yield* readRanges(client, [range], signal);
}

async function all(
  { admin }: KafkaClient,
  topic: string,
  signal: AbortSignal,
): Promise<readonly OffsetRange[]> {
  const description = (await admin.describeTopics([topic], signal)).get(topic);
  if (description === undefined) throw new CommandError(`there is no topic ${topic}`);
  const partitions = Array.from({ length: description.partitionCount }, (_, partition) => ({
    topic,
    partition,
  }));
  const at = (where: "earliest" | "latest") =>
    admin.listOffsets(
      partitions.map((one) => ({ ...one, at: where })),
      { isolation: "read_committed", signal },
    );
  const [starts, ends] = [await at("earliest"), await at("latest")];
  return partitions.map((one, index) => ({
    ...one,
    from: starts[index].offset,
    to: ends[index].offset,
  }));
}

function letterOf(present: readonly OffsetRange[], topic: string, text: string): OffsetRange {
  const match = /^(\d+):(\d+)$/.exec(text);
  if (match === null)
    throw new UsageError(
      `--letter is ${JSON.stringify(text)}; give PARTITION:OFFSET, such as 0:15`,
    );
  const [partition, offset] = match.slice(1).map(Number);
  const there = present.find((one) => one.partition === partition);
  if (there === undefined || offset < there.from || offset >= there.to)
    throw new CommandError(`${topic} has no letter ${text}`);
  return { topic, partition, from: offset, to: offset + 1 };
}

function groupOf(given: string | undefined, topic: string): string {
  return given ?? `millrace-replay-${topic}`;
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}

function inLine(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, " ");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
