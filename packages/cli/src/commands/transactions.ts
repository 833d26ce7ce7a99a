import type { KafkaClient, ProducerState } from "@millrace/client";
import type { TopicPartition } from "@millrace/model";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { numberFlag, repeated, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";

const list = command({
  path: "transactions list",
  summary: "list the transactional ids",
  flags: { ...clusterFlags, json: jsonFlag },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const all = (await admin.listTransactions(signal)).toSorted((left, right) =>
        left.transactionalId < right.transactionalId ? -1 : 1,
      );
      if (flags.json) for (const one of all) print(JSON.stringify(one));
      else {
        const rows = all.map((one) => [one.transactionalId, one.producerId, one.state]);
        for (const line of tableLines(["id", "producer", "state"], rows)) print(line);
      }
    }),
});

const describe = command({
  path: "transactions describe",
  summary: "tell what transactions have written to, and since when",
  names: "ID…",
  flags: { ...clusterFlags, json: jsonFlag },
  run: ({ flags, names }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      if (names.length === 0) throw new UsageError("give the ID of a transaction's producer");
      for (const id of names) {
        const one = await admin.describeTransaction(id, signal);
        if (flags.json) {
          print(JSON.stringify(one));
          continue;
        }
        const since = one.startTimestamp < 0 ? "" : `  since ${timeText(one.startTimestamp)}`;
        print(
          `${id}  ${one.state}  producer ${one.producerId} epoch ${one.producerEpoch}  timeout ${one.timeoutMs} ms${since}`,
        );
        const rows = one.partitions.map(({ topic, partition }) => [topic, partition]);
        if (rows.length === 0) continue;
        for (const line of tableLines(["topic", "partition"], rows)) print(`  ${line}`);
      }
    }),
});

const findHanging = command({
  path: "transactions find-hanging",
  summary: "find transactions that nobody will end",
  flags: {
    ...clusterFlags,
    topic: repeated(textFlag({ placeholder: "NAME", about: "in these; default: in all topics" })),
    "max-transaction-timeout": numberFlag({
      byDefault: 15,
      about: "minutes that a transaction may last; younger ones are left out",
    }),
    json: jsonFlag,
  },
  notes:
    "A transaction hangs where a partition has it open and its coordinator knows nothing of it: readers of committed records wait behind it.",
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async (client) => {
      const olderThanMs = Date.now() - flags["max-transaction-timeout"] * 60_000;
      const open = await openTransactions(client, flags.topic, signal);
      const old = open.filter(({ lastTimestamp }) => lastTimestamp <= olderThanMs);
      const hanging = await withoutCoordinator(client, old, signal);
      if (flags.json) return hanging.forEach((one) => print(JSON.stringify(one)));
      const head = ["topic", "partition", "start-offset", "producer", "epoch", "last-record"];
      const rows = hanging.map((one) => [
        one.topic,
        one.partition,
        one.startOffset,
        one.producerId,
        one.producerEpoch,
        timeText(one.lastTimestamp),
      ]);
      for (const line of tableLines(head, rows)) print(line);
    }),
});

const abort = command({
  path: "transactions abort",
  summary: "end a transaction that hangs in a partition",
  flags: {
    ...clusterFlags,
    topic: textFlag({ placeholder: "NAME", about: "where it hangs" }),
    partition: numberFlag({ about: "and in which partition" }),
    "start-offset": numberFlag({ about: "offset of its first record there" }),
  },
  notes: "millrace transactions find-hanging tells all three.",
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const { topic, partition, "start-offset": startOffset } = flags;
      if (topic === undefined || partition === undefined || startOffset === undefined)
        throw new UsageError("give --topic NAME, --partition N and --start-offset N");
      const producers = await admin.describeProducers({ topic, partition }, signal);
      const found = producers.find(({ transactionStartOffset: at }) => at === startOffset);
      if (found === undefined)
        throw new CommandError(
          `${topic}-${partition} has no open transaction that begins at offset ${startOffset}`,
        );
      await admin.abortTransaction({ ...found, topic, partition }, signal);
      print(`the transaction at offset ${startOffset} of ${topic}-${partition} is aborted`);
    }),
});

/** `millrace transactions`: what is under way, and an end to what hangs. */
export const transactionsCommands: readonly Command[] = [list, describe, findHanging, abort];

type OpenTransaction = TopicPartition & ProducerState & { readonly startOffset: number };

async function openTransactions(
  { admin }: KafkaClient,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<readonly OpenTransaction[]> {
  const topics =
    wanted.length === 0
      ? await admin.listTopics(signal)
      : [...(await admin.describeTopics(wanted, signal)).values()];
  const open: OpenTransaction[] = [];
  for (const { name: topic, partitionCount } of topics)
    for (let partition = 0; partition < partitionCount; partition++)
      for (const producer of await admin.describeProducers({ topic, partition }, signal)) {
        const { transactionStartOffset: startOffset } = producer;
        if (startOffset !== undefined) open.push({ ...producer, topic, partition, startOffset });
      }
  return open;
}

/** Without those that a coordinator has under way in that very partition. */
async function withoutCoordinator(
  { admin }: KafkaClient,
  open: readonly OpenTransaction[],
  signal: AbortSignal,
): Promise<readonly OpenTransaction[]> {
  if (open.length === 0) return [];
  const producerIds = new Set(open.map(({ producerId }) => producerId));
  const known = new Set<string>();
  for (const { transactionalId, producerId } of await admin.listTransactions(signal)) {
    if (!producerIds.has(producerId)) continue;
    const { partitions } = await admin.describeTransaction(transactionalId, signal);
    for (const { topic, partition } of partitions) known.add(`${producerId} ${partition} ${topic}`);
  }
  return open.filter(
    ({ producerId, partition, topic }) => !known.has(`${producerId} ${partition} ${topic}`),
  );
}

function timeText(timestamp: number): string {
  return new Date(timestamp).toISOString();
}
