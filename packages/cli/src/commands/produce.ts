import { noHeaders, partitionForKey, type Headers } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { choiceFlag, numberFlag, pairsFlag, textFlag } from "../flags/flag.ts";
import { encodeAs, formatNames, type FormatName } from "../record-format.ts";
import { topicName } from "../topic-names.ts";

/** `millrace produce`: a record per line of standard input. */
export const produceCommand = command({
  path: "produce",
  summary: "write a record per line of standard input",
  names: "[NAME]",
  flags: {
    ...clusterFlags,
    topic: textFlag({ placeholder: "NAME", about: "where to" }),
    "key-separator": textFlag({
      about: "what stands between key and value; without it records have no key",
    }),
    key: choiceFlag(formatNames, {
      placeholder: "FORMAT",
      byDefault: "string",
      about: `how keys are written: ${formatNames.join(", ")}`,
    }),
    value: choiceFlag(formatNames, {
      placeholder: "FORMAT",
      byDefault: "string",
      about: "how values are written",
    }),
    null: textFlag({ about: "a value of this text is null, which deletes the key" }),
    header: pairsFlag({ about: "a header of every record" }),
    partition: numberFlag({ about: "where to; default: by the key, else in turn" }),
  },

  run: ({ flags, names }, { lines, signal, print, progress }) =>
    withClient(flags["bootstrap-server"], async (client) => {
      const topic = topicName(names, flags.topic);
      const writer = client.openWriter({});
      await writer.prepare([topic], signal);
      const partitionCount = writer.partitionCount(topic) ?? 1;
      if (flags.partition !== undefined && flags.partition >= partitionCount)
        throw new CommandError(`${topic} has ${partitionCount} partitions, from 0`);
      const headers = headersOf(flags.header);
      const { clock } = nodePlatform();
      let count = 0;
      try {
        for await (const line of untilAborted(lines(), signal)) {
          const { key, value } = recordOf(line, count + 1, flags);
          const partition = flags.partition ?? partitionOf(key, count, partitionCount);
          const appender = writer.partition(topic, partition);
          if (!appender.append(clock.wallMs(), key, value, headers)) await writer.drained(signal);
          count += 1;
          if (count % 1000 === 0) progress.show({ label: "writing", done: count, unit: "records" });
        }
      } finally {
        await writer.flush(); // what was read before a line that is none, or a signal, is written
        progress.clear();
        print(`${count} ${count === 1 ? "record" : "records"} written to ${topic}`);
      }
      await writer.close();
    }),
});

interface LineFormat {
  readonly "key-separator": string | undefined;
  readonly key: FormatName;
  readonly value: FormatName;
  readonly null: string | undefined;
}

function recordOf(
  line: string,
  number: number,
  format: LineFormat,
): { readonly key: Uint8Array | null; readonly value: Uint8Array | null } {
  const separator = format["key-separator"];
  const at = separator === undefined ? -1 : line.indexOf(separator);
  if (separator !== undefined && at < 0)
    throw new CommandError(`line ${number} has no key: there is no ${JSON.stringify(separator)}`);
  const value = separator === undefined ? line : line.slice(at + separator.length);
  return {
    key: at < 0 ? null : encodeAs(format.key, line.slice(0, at), `the key of line ${number}`),
    value:
      value === format.null ? null : encodeAs(format.value, value, `the value of line ${number}`),
  };
}

function headersOf(pairs: readonly (readonly [string, string])[]): Headers {
  if (pairs.length === 0) return noHeaders;
  return pairs.map(([name, value]) => [name, encodeAs("string", value, name)] as const);
}

function partitionOf(key: Uint8Array | null, count: number, partitionCount: number): number {
  return key === null ? count % partitionCount : partitionForKey(key, partitionCount);
}

/** An input that is closed by the signal ends; it is no failure. */
async function* untilAborted(
  lines: AsyncIterable<string>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  try {
    for await (const line of lines) {
      if (signal.aborted) return;
      yield line;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
