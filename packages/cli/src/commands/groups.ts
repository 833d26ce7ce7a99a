import { KafkaError } from "@millrace/protocol";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { repeated, textFlag } from "../flags/flag.ts";
import { groupLag, type PartitionLag } from "../group-lag.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";
import { resetOffsetsCommand } from "./reset-offsets.ts";

const groupFlag = repeated(
  textFlag({ placeholder: "ID", about: "a group; the same as a word without flag" }),
);

const list = command({
  path: "groups list",
  summary: "list the groups of all kinds",
  flags: { ...clusterFlags, json: jsonFlag },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const groups = (await admin.listGroups(signal)).toSorted((left, right) =>
        left.groupId < right.groupId ? -1 : 1,
      );
      if (flags.json) for (const group of groups) print(JSON.stringify(group));
      else {
        const rows = groups.map(({ groupId, state, type, protocolType }) => [
          groupId,
          state,
          type,
          protocolType,
        ]);
        for (const line of tableLines(["group", "state", "type", "protocol"], rows)) print(line);
      }
    }),
});

const describe = command({
  path: "groups describe",
  summary: "tell members, offsets and lag of groups",
  names: "ID…",
  flags: { ...clusterFlags, group: groupFlag, json: jsonFlag },
  run: ({ flags, names }, { print, signal }) =>
    withClient(flags, async (client) => {
      for (const groupId of groupIds(names, flags.group)) {
        const { type, state, assignor, members } = await client.admin
          .describeGroup(groupId, signal)
          .catch(aboutGroup(groupId));
        const partitions = await groupLag(client, groupId, { members, signal });
        const lag = partitions.reduce((sum, one) => sum + (one.lag ?? 0), 0);
        if (flags.json) {
          print(JSON.stringify({ groupId, type, state, assignor, lag, members, partitions }));
          continue;
        }
        const kind = type === "share" || type === "streams" ? `${type}  ` : "";
        // How far a share group is in a partition is no committed offset.
        const told = type === "share" ? "" : `  lag ${lag}`;
        print(`${groupId}  ${kind}${state}  members ${members.length}${told}`);
        const head = ["topic", "partition", "committed", "end", "lag", "member"];
        for (const line of tableLines(head, partitions.map(rowOf))) print(`  ${line}`);
      }
    }),
});

const remove = command({
  path: "groups delete",
  summary: "forget groups and their offsets",
  names: "ID…",
  flags: { ...clusterFlags, group: groupFlag },
  run: ({ flags, names }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      for (const groupId of groupIds(names, flags.group)) {
        await admin.deleteGroup(groupId, signal).catch(aboutGroup(groupId));
        print(`${groupId} deleted`);
      }
    }),
});

/** `millrace groups`: lists, describes, deletes consumer groups, moves their offsets. */
export const groupsCommands: readonly Command[] = [list, describe, resetOffsetsCommand, remove];

/** Kafka's own messages do not say which group they are about. */
function aboutGroup(groupId: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof KafkaError)) throw error;
    if (error.code === "GROUP_ID_NOT_FOUND") throw new CommandError(`there is no group ${groupId}`);
    throw new CommandError(`group ${groupId}: ${error.message}`);
  };
}

function rowOf({ topic, partition, committed, end, lag, memberId }: PartitionLag) {
  return [topic, partition, committed ?? "-", end ?? "-", lag ?? "-", memberId ?? "-"];
}

function groupIds(words: readonly string[], flagged: readonly string[]): readonly string[] {
  const ids = [...new Set([...words, ...flagged])];
  if (ids.length > 0) return ids;
  throw new UsageError("--group is missing; give the ID of a group");
}
