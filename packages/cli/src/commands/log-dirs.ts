import { clusterFlags, withClient } from "../cluster-flags.ts";
import { command, type Command } from "../command.ts";
import { repeated, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";

const describe = command({
  path: "log-dirs describe",
  summary: "tell the folders of brokers, and how large partitions are in them",
  flags: {
    ...clusterFlags,
    topic: repeated(
      textFlag({ placeholder: "NAME", about: "partitions of this one; default: all" }),
    ),
    json: jsonFlag,
  },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      for (const { partitions, ...directory } of await admin.describeLogDirectories(signal)) {
        const shown = partitions.filter(
          ({ topic }) => flags.topic.length === 0 || flags.topic.includes(topic),
        );
        if (flags.json) {
          print(JSON.stringify({ ...directory, partitions: shown }));
          continue;
        }
        const { nodeId, path, totalBytes, usableBytes } = directory;
        const room =
          totalBytes === undefined ? "" : `  ${usableBytes ?? "?"} of ${totalBytes} bytes are free`;
        print(`broker ${nodeId}  ${path}${room}`);
        const rows = shown
          .toSorted((left, right) => right.sizeBytes - left.sizeBytes)
          .map(({ topic, partition, sizeBytes }) => [topic, partition, sizeBytes]);
        for (const line of tableLines(["topic", "partition", "bytes"], rows)) print(`  ${line}`);
      }
    }),
});

/** `millrace log-dirs`: what lies where; the largest first. */
export const logDirsCommands: readonly Command[] = [describe];
