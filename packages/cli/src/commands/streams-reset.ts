import type { KafkaClient } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { repeated, switchFlag, textFlag, type FlagValues } from "../flags/flag.ts";
import {
  planOffsets,
  plannedRows,
  targetFlags,
  targetOf,
  type PlannedOffset,
} from "../offset-target.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";
import { internalTopicsOf } from "../internal-topics.ts";

const flags = {
  ...clusterFlags,
  "input-topics": repeated(
    textFlag({
      placeholder: "NAME,…",
      about: "topics to read again; without it all that the application has committed",
    }),
  ),
  "internal-topics": repeated(
    textFlag({ placeholder: "NAME,…", about: "delete these of its internal topics, not all" }),
  ),
  ...targetFlags,
  state: textFlag({
    placeholder: "DIR",
    about: "remove what this machine has of its state, too: the stateDirectory of its options",
  }),
  force: switchFlag({
    about: "put members that are still there out of the group: those of processes that were killed",
  }),
  execute: switchFlag({ about: "do it; without this it is printed only" }),
};
type ResetFlags = FlagValues<typeof flags>;

/** `millrace streams reset` (Kafka: `kafka-streams-application-reset`). */
export const streamsResetCommand = command({
  path: "streams reset",
  summary: "have an application begin anew: its offsets, its internal topics, its state",
  names: "APPLICATION-ID",
  flags,
  notes: `For applications of Millrace and of Kafka Streams. All instances must be stopped. Inputs are read from their first record, unless a flag
says otherwise; outputs stay as they are. Each machine's state must go before the next start: --state, or KafkaStreams.cleanUp() in Java.`,

  async run({ flags: given, names }, { print, signal }) {
    const [applicationId, ...rest] = names;
    if (applicationId === undefined || rest.length > 0)
      throw new UsageError("give the id of one application: APPLICATION-ID");
    const target = targetOf(given, Date.now()) ?? { kind: "at", at: "earliest" };
    await withClient(given, async (client) => {
      const remaining = await membersOf(client, applicationId, given, signal);
      const { own, others } = await internalTopicsOf(client, applicationId, signal);
      const internal = chosenOf(listed(given["internal-topics"]), own, applicationId);
      const partitions = await inputsOf(client, applicationId, { given, own, signal });
      if (partitions.length === 0 && own.length === 0 && given.state === undefined)
        throw new CommandError(
          `there is nothing of ${applicationId}: the group has committed nothing, and no topic is named ${applicationId}-…-changelog or -repartition`,
        );
      const planned = await planOffsets(client, applicationId, { partitions, target, signal });
      const head = ["input", "partition", "from", "to"];
      for (const line of tableLines(head, plannedRows(planned))) print(line);
      for (const topic of internal) print(`delete topic ${topic}`);
      for (const { topic, applicationId: other } of others)
        print(`keep topic ${topic}: it is one of ${other}`);
      if (remaining.length > 0) print(`put ${remaining.length} members out of the group`);
      if (!given.execute) {
        if (given.state !== undefined) print(`remove the state in ${given.state}/${applicationId}`);
        return print("nothing is changed yet; --execute does it");
      }
      await client.admin.removeMembers(applicationId, remaining, signal);
      if (given.state !== undefined) {
        const { cleanUpState } = await import("@millrace/streams");
        for (const path of await cleanUpState(nodePlatform(), given.state, applicationId))
          print(`removed ${path}`);
      }
      await execute(client, applicationId, { planned, internal, signal });
      print(`${applicationId} begins anew at its next start`);
    });
  },
});

/** Those that `--force` puts out of the group. */
async function membersOf(
  { admin }: KafkaClient,
  applicationId: string,
  given: ResetFlags,
  signal: AbortSignal,
): Promise<readonly { readonly memberId: string; readonly groupInstanceId: string | null }[]> {
  const listing = (await admin.listGroups(signal)).find(({ groupId }) => groupId === applicationId);
  if (listing === undefined || listing.state === "Empty" || listing.state === "Dead") return [];
  const running = `${applicationId} has members (its group is ${listing.state}); stop all instances first`;
  if (!given.force)
    throw new CommandError(
      `${running}. Members of processes that were killed go when their session ends, or by --force`,
    );
  if (listing.type !== "classic" && listing.type !== "")
    throw new CommandError(
      `${running}: nobody can be put out of a ${listing.type} group, so wait until their session ends`,
    );
  return (await admin.describeGroup(applicationId, signal)).members;
}

function chosenOf(
  chosen: readonly string[],
  own: readonly string[],
  applicationId: string,
): readonly string[] {
  const other = chosen.find((topic) => !own.includes(topic));
  if (other !== undefined)
    throw new CommandError(
      `--internal-topics: ${other} is no internal topic of ${applicationId}; ${own.length === 0 ? "there are none" : `there are ${own.join(", ")}`}`,
    );
  return chosen.length === 0 ? own : chosen;
}

async function inputsOf(
  { admin }: KafkaClient,
  applicationId: string,
  {
    given,
    own,
    signal,
  }: {
    readonly given: ResetFlags;
    readonly own: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<readonly { readonly topic: string; readonly partition: number }[]> {
  const named = listed(given["input-topics"]);
  const committed = new Set(
    (await admin.groupOffsets(applicationId, signal)).map(({ topic }) => topic),
  );
  const topics =
    named.length > 0 ? named : [...committed].filter((topic) => !own.includes(topic)).sort();
  const described = await admin.describeTopics(topics, signal);
  const missing = named.find((topic) => !described.has(topic));
  if (missing !== undefined) throw new CommandError(`there is no topic ${missing}`);
  return topics.flatMap((topic) =>
    Array.from({ length: described.get(topic)?.partitionCount ?? 0 }, (_, partition) => ({
      topic,
      partition,
    })),
  );
}

/**
 * Topics first: inputs that are read again while the changelogs are still there would count twice. What ends in
 * between is told by the application's next start, and goes on with the next reset.
 */
async function execute(
  { admin }: KafkaClient,
  applicationId: string,
  {
    planned,
    internal,
    signal,
  }: {
    readonly planned: readonly PlannedOffset[];
    readonly internal: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const deleted = internal.length === 0 ? [] : await admin.deleteTopics(internal, signal);
  for (const { name, error } of deleted)
    if (error !== undefined) throw new CommandError(`topic ${name} stays: ${error.message}`);
  if (planned.length > 0) await admin.alterGroupOffsets(applicationId, planned, signal);
}

function listed(given: readonly string[]): readonly string[] {
  return [...new Set(given.flatMap((text) => text.split(",")).filter((name) => name !== ""))];
}
