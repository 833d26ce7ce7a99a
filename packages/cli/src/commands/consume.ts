import type { KafkaClient } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { choiceFlag, numberFlag, switchFlag, textFlag, type FlagValues } from "../flags/flag.ts";
import { recordPrinter } from "../record-printer.ts";
import {
  readSchemaFlags,
  shownFormatNames,
  shownFormatsText,
  shownForms,
} from "../registry-form.ts";
import { startOffset, type StartOffset } from "../start-offset.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { topicName } from "../topic-names.ts";
import { UsageError } from "../usage-error.ts";
import { whenFetched } from "../when-fetched.ts";

const flags = {
  ...clusterFlags,
  topic: textFlag({ placeholder: "NAME", about: "what to read" }),
  "from-beginning": switchFlag({ about: "not only what comes from now on" }),
  offset: textFlag({
    placeholder: "N",
    about:
      "from this offset of --partition on; also earliest, latest, or a time (2026-01-31T12:00Z)",
  }),
  partition: numberFlag({ about: "only this partition" }),
  group: textFlag({
    placeholder: "ID",
    about: "as a member of this group: goes on where it stopped, and commits what was printed",
  }),
  count: numberFlag({ min: 1, about: "ends after so many records" }),
  "to-end": switchFlag({ about: "ends at the end that the topic has now" }),
  isolation: choiceFlag(["read_committed", "read_uncommitted"], {
    placeholder: "LEVEL",
    byDefault: "read_committed",
    about: "read_committed, or read_uncommitted: also what transactions have not committed",
  }),
  key: choiceFlag(shownFormatNames, {
    placeholder: "FORMAT",
    allowed: shownFormatsText,
    about: `print keys: ${shownFormatsText}`,
  }),
  value: choiceFlag(shownFormatNames, {
    placeholder: "FORMAT",
    allowed: shownFormatsText,
    byDefault: "string",
    about: "how values are printed",
  }),
  keys: switchFlag({ about: "the same as --key string" }),
  timestamps: switchFlag({ about: "print times" }),
  offsets: switchFlag({ about: "print partitions and offsets" }),
  headers: switchFlag({ about: "print headers" }),
  json: jsonFlag,
  ...readSchemaFlags,
};
type ConsumeFlags = FlagValues<typeof flags>;

/** `millrace consume`: prints a topic's records. */
export const consumeCommand = command({
  path: "consume",
  summary: "print the records of a topic",
  names: "[NAME]",
  flags,
  notes:
    "A line is: time, partition and offset, headers, key, value, with tabs between; of these, what was asked for. Line breaks and other control\ncharacters are shown as \\n, \\t, \\u001b; --json has all exactly.\nEnds at Ctrl-C, and where --count or --to-end say so.\nBy avro, protobuf and json-schema values are printed as JSON; without --schema, as their writer's schema has them.",

  async run({ flags: given, names }, terminal) {
    const topic = topicName(names, given.topic);
    const start = startOffset(given);
    const keyName = given.key ?? (given.keys ? "string" : undefined);
    const forms = await shownForms({ topic, flags: given }, { key: keyName, value: given.value });
    const printer = recordPrinter({ ...given, ...forms }, terminal.print);
    await withClient(given, (client) =>
      given.group === undefined
        ? consumeAlone(client, { topic, start, given, printer, terminal })
        : consumeInGroup(client, given.group, { topic, start, given, printer, terminal }),
    );
  },
});

interface Consuming {
  readonly topic: string;
  readonly start: StartOffset;
  readonly given: ConsumeFlags;
  readonly printer: ReturnType<typeof recordPrinter>;
  readonly terminal: Terminal;
}

async function consumeAlone(
  client: KafkaClient,
  { topic, start, given, printer, terminal: { signal } }: Consuming,
): Promise<void> {
  const { isolation } = given;
  const partitions = await partitionsOf(client, topic, given.partition, signal);
  const offsets = (at: "earliest" | "latest" | { readonly timestamp: number }) =>
    client.admin.listOffsets(
      partitions.map((one) => ({ ...one, at })),
      { isolation, signal },
    );
  const ends = await offsets("latest");
  const starts =
    start.kind === "offset"
      ? [{ ...partitions[0], offset: start.offset }]
      : (await offsets(start.at)).map(
          (one, index) => (one.offset < 0 ? ends[index] : one), // nothing is as late as the time asked for
        );
  if (start.kind === "offset") checkRange(start.offset, (await offsets("earliest"))[0], ends[0]);
  const reader = client.openReader({ isolation });
  reader.assign(starts);
  let left = given.count ?? Infinity;
  const isBelowEnd = (): boolean => ends.some((end) => (reader.position(end) ?? 0) < end.offset);
  while (!signal.aborted && left > 0 && (!given["to-end"] || isBelowEnd())) {
    for (const batch of await reader.poll({ signal, waitMsMax: 500 })) {
      while (left > 0 && batch.next()) {
        const isBeyond = given["to-end"] && batch.offset >= endOf(ends, batch.partition);
        if (isBeyond || signal.aborted) continue;
        left -= 1;
        await whenFetched(() => printer(batch), signal);
      }
      batch.release();
    }
  }
  await reader.close();
}

function endOf(
  ends: readonly { readonly partition: number; readonly offset: number }[],
  partition: number,
): number {
  return ends.find((end) => end.partition === partition)?.offset ?? Infinity;
}

async function consumeInGroup(
  client: KafkaClient,
  groupId: string,
  { topic, start, given, printer, terminal: { signal } }: Consuming,
): Promise<void> {
  if (given.partition !== undefined || given.offset !== undefined || given["to-end"])
    throw new UsageError("--group does not go with --partition, --offset or --to-end");
  const consumer = client.consumer({
    groupId,
    topics: [topic],
    isolationLevel: given.isolation,
    autoOffsetReset: start.kind === "at" && start.at === "earliest" ? "earliest" : "latest",
  });
  const close = (): void => void consumer.close();
  signal.addEventListener("abort", close, { once: true });
  let left = given.count ?? Infinity;
  try {
    for await (const record of consumer) {
      await whenFetched(() => printer(record), signal);
      left -= 1;
      if (left > 0) continue;
      await consumer.commit(); // the last one would count as processed only when the next is asked for
      break;
    }
  } finally {
    signal.removeEventListener("abort", close);
    await consumer.close();
  }
}

async function partitionsOf(
  client: KafkaClient,
  topic: string,
  only: number | undefined,
  signal: AbortSignal,
): Promise<readonly { readonly topic: string; readonly partition: number }[]> {
  const description = (await client.admin.describeTopics([topic], signal)).get(topic);
  if (description === undefined) throw new CommandError(`there is no topic ${topic}`);
  const { partitionCount } = description;
  if (only !== undefined && only >= partitionCount)
    throw new CommandError(`${topic} has ${partitionCount} partitions, from 0`);
  return Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })).filter(
    ({ partition }) => only === undefined || partition === only,
  );
}

function checkRange(
  offset: number,
  start: { readonly topic: string; readonly partition: number; readonly offset: number },
  end: { readonly offset: number },
): void {
  if (offset >= start.offset && offset <= end.offset) return;
  const name = `${start.topic}-${start.partition}`;
  throw new CommandError(
    `${name} has no offset ${offset}: it goes from ${start.offset} to ${end.offset}`,
  );
}
