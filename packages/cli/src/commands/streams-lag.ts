import type { GroupMember, KafkaClient } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { groupLag, type PartitionLag } from "../group-lag.ts";
import { internalTopicsOf } from "../internal-topics.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";

/** `millrace streams lag`: how far an application is behind its inputs, and its own repartition topics. */
export const streamsLagCommand = command({
  path: "streams lag",
  summary: "tell how far an application is behind",
  names: "APPLICATION-ID",
  flags: { ...clusterFlags, json: jsonFlag },
  notes: `What was committed is counted: between two commits an application is further than this tells. A partition without commit has no lag yet;
its application begins there where its reset policy says.`,

  async run({ flags, names }, { print, signal }) {
    const [applicationId, ...rest] = names;
    if (applicationId === undefined || rest.length > 0)
      throw new UsageError("give the id of one application: APPLICATION-ID");
    await withClient(flags, async (client) => {
      const { state, members } = await groupOf(client, applicationId, signal);
      const { own } = await internalTopicsOf(client, applicationId, signal);
      const partitions = (await groupLag(client, applicationId, { members, signal })).map(
        (one) => ({ ...one, isInternal: own.includes(one.topic) }),
      );
      const lag = partitions.reduce((sum, one) => sum + (one.lag ?? 0), 0);
      if (flags.json)
        return print(
          JSON.stringify({ applicationId, state, members: members.length, lag, partitions }),
        );
      print(`${applicationId}  ${state}  members ${members.length}  lag ${lag}`);
      const head = ["topic", "kind", "partition", "committed", "end", "lag", "member"];
      for (const line of tableLines(head, partitions.map(rowOf))) print(`  ${line}`);
    });
  },
});

/** Of a streams group (KIP-1071) members are the coordinator's own matter: its offsets are there as of any other. */
async function groupOf(
  client: KafkaClient,
  applicationId: string,
  signal: AbortSignal,
): Promise<{ readonly state: string; readonly members: readonly GroupMember[] }> {
  const { admin } = client;
  const listing = (await admin.listGroups(signal)).find(({ groupId }) => groupId === applicationId);
  if (listing === undefined)
    throw new CommandError(`there is no application ${applicationId}: it has never committed`);
  if (listing.type === "share") throw new CommandError(`${applicationId} is a share group`);
  if (listing.type === "streams") return { state: listing.state, members: [] };
  return admin.describeGroup(applicationId, signal);
}

function rowOf(one: PartitionLag & { readonly isInternal: boolean }) {
  const { topic, isInternal, partition, committed, end, lag, memberId } = one;
  const kind = isInternal ? "internal" : "input";
  return [topic, kind, partition, committed ?? "-", end ?? "-", lag ?? "-", memberId ?? "-"];
}
