import type { LogCheckOptions, LogFinding } from "@millrace/log";
import { nodePlatform } from "@millrace/platform/node";

import { jsonFlag } from "../flags/json-flag.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

const check = command({
  path: "log check",
  summary: "read a stopped broker's logs and tell what is damaged",
  names: "DIR",
  flags: { json: jsonFlag },
  notes: `DIR is a data folder, or the folder of one partition in it. Nothing is changed. Ends with 1 where something is found:
damage that a start does not mend, tails that a crash has torn, caches that the next start makes anew.`,
  async run({ flags, names }, terminal) {
    const { checkLogs } = await import("@millrace/log");
    const { findings, partitionCount } = await checkLogs(optionsOf(names, terminal));
    terminal.progress.clear();
    printFindings(findings, flags.json, terminal);
    const damageCount = findings.filter(({ kind }) => kind === "damage").length;
    if (damageCount > 0)
      throw new CommandError(
        damageCount === 1
          ? "1 place is damaged: millrace log repair sets it aside, or put a copy of the file back"
          : `${damageCount} places are damaged: millrace log repair sets them aside, or put copies of the files back`,
      );
    if (findings.length > 0)
      throw new CommandError(`the next start mends what was found (${findings.length})`);
    const unit = partitionCount === 1 ? "partition" : "partitions";
    if (!flags.json) terminal.print(`all is well: ${partitionCount} ${unit}`);
  },
});

const repair = command({
  path: "log repair",
  summary: "make a stopped broker's damaged logs serve what is sound of them",
  names: "DIR",
  flags: { json: jsonFlag },
  notes: `DIR is a data folder, or the folder of one partition in it. Nothing is deleted: files that are changed are kept whole in
DIR/set-aside. Offsets of lost records stay empty. Ends with 1 where something is left that has to be mended by hand.`,
  async run({ flags, names }, terminal) {
    const { repairLogs } = await import("@millrace/log");
    const { keptPath, done, lost, left } = await repairLogs(optionsOf(names, terminal));
    terminal.progress.clear();
    if (flags.json) terminal.print(JSON.stringify({ keptPath, done, lost, left }));
    else {
      for (const line of done) terminal.print(line);
      for (const finding of lost) terminal.print(`lost: ${textOf(finding)}`);
      for (const finding of left) terminal.print(`left: ${textOf(finding)}`);
      if (done.length === 0 && left.length === 0) terminal.print("nothing is to be repaired");
    }
    if (left.length > 0)
      throw new CommandError(
        `left as found: ${left.length}; put copies of the files back, nothing else can mend them`,
      );
  },
});

/** `millrace log`: looks at the files of a broker that is stopped, and mends them. */
export const logCommands: readonly Command[] = [check, repair];

function optionsOf(names: readonly string[], { progress, signal }: Terminal): LogCheckOptions {
  const [path, ...rest] = names;
  if (path === undefined || rest.length > 0) throw new UsageError("give one folder: DIR");
  return {
    platform: nodePlatform({ logLevel: "error" }),
    path: path.length > 1 ? path.replace(/\/+$/, "") : path,
    signal,
    onProgress: ({ path: folder, doneBytes, totalBytes }) =>
      progress.show({
        label: folder.slice(folder.lastIndexOf("/") + 1),
        done: doneBytes,
        total: totalBytes,
        unit: "bytes",
      }),
  };
}

function printFindings(
  findings: readonly LogFinding[],
  isJson: boolean,
  { print }: Pick<Terminal, "print">,
): void {
  for (const finding of findings)
    print(isJson ? JSON.stringify(finding) : `${finding.kind}: ${textOf(finding)}`);
}

function textOf({ path, position, firstOffset, lastOffset, reason }: LogFinding): string {
  if (firstOffset < 0) return `${path}: ${reason}`;
  const offsets =
    lastOffset > firstOffset ? `offsets ${firstOffset} to ${lastOffset}` : `offset ${firstOffset}`;
  return `${path} at byte ${position}, ${offsets}: ${reason}`;
}
