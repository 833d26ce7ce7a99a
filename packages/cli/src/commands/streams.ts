import type { TopologyDiff } from "@millrace/streams";

import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { switchFlag, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { loadDescription } from "../load-description.ts";
import { UsageError } from "../usage-error.ts";
import { streamsLagCommand } from "./streams-lag.ts";
import { streamsResetCommand } from "./streams-reset.ts";
import { streamsSnapshotCommand } from "./streams-snapshot.ts";

const files = `A file is a module, JavaScript or TypeScript as Node runs it, that exports a topology, a builder or a function which gives one,
by default or as topology, and starts nothing; or what describe --json has written, called ….json. --data is what the function is
given, as by the data of StreamsApp.start; diff gives it to those of both files.`;

const data = textFlag({
  placeholder: "JSON",
  about: "what a function that a module exports is given",
});

const describe = command({
  path: "streams describe",
  summary: "show the topology of a program: as Kafka's text, a diagram or JSON",
  names: "FILE",
  flags: {
    data,
    json: switchFlag({ about: "print JSON, for diff" }),
    mermaid: switchFlag({ about: "print a diagram of Mermaid, which GitHub draws" }),
  },
  notes: files,
  async run({ flags, names }, terminal) {
    const [path, ...rest] = names;
    if (path === undefined || rest.length > 0) throw new UsageError("give one file: FILE");
    if (flags.json && flags.mermaid) throw new UsageError("give --json or --mermaid, not both");
    const description = await loadDescription(path, readData(flags.data));
    const { describeTopology, mermaidOf } = await import("@millrace/streams");
    terminal.print(
      flags.json
        ? JSON.stringify(description)
        : flags.mermaid
          ? mermaidOf(description).trimEnd()
          : describeTopology(description).trimEnd(),
    );
  },
});

const diff = command({
  path: "streams diff",
  summary: "compare two versions of a program: whether the state of a running application survives",
  names: "OLD NEW",
  flags: { data, json: jsonFlag },
  notes: `${files}
Each change is told with what becomes of the state: survives, rebuilt (from changelogs, by itself), lost, or restart (what is there
cannot be used). Ends with 1 where something is lost or asks for a restart, with 2 where a file cannot be read.`,
  async run({ flags, names }, terminal) {
    const [old, now, ...rest] = names;
    if (old === undefined || now === undefined || rest.length > 0)
      throw new UsageError("give two files: OLD NEW");
    const given = readData(flags.data);
    const { diffTopologies } = await import("@millrace/streams");
    const found = diffTopologies(
      await loadDescription(old, given),
      await loadDescription(now, given),
    );
    for (const line of flags.json ? [JSON.stringify(found)] : textOf(found)) terminal.print(line);
    if (!found.stateSurvives) throw new CommandError(verdictOf(found));
  },
});

/** `millrace streams`: programs, without running them, and applications, from outside. */
export const streamsCommands: readonly Command[] = [
  describe,
  diff,
  streamsLagCommand,
  streamsResetCommand,
  streamsSnapshotCommand,
];

function readData(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    throw new UsageError(`--data is ${JSON.stringify(text)}; give JSON, such as '{"prefix":"> "}'`);
  }
}

function* textOf({ changes, canRunTogether, stateSurvives }: TopologyDiff): Iterable<string> {
  for (const { severity, message, advice } of changes) {
    yield `${severity.padEnd(8)}  ${message}`;
    if (advice !== "") yield `          -> ${advice}`;
  }
  if (changes.length === 0) yield "nothing has changed";
  else if (stateSurvives) yield "state survives";
  if (!canRunTogether)
    yield "stop all instances of the old version before the first new one: they are refused beside each other";
}

function verdictOf({ changes }: TopologyDiff): string {
  const counts = (["lost", "restart"] as const).flatMap((severity) => {
    const count = changes.filter((change) => change.severity === severity).length;
    return count === 0 ? [] : [`${severity} ${count}`];
  });
  return `state does not survive: ${counts.join(", ")}`;
}
