import { parseArgs } from "node:util";

import { encodeUtf8, noHeaders, partitionForKey } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";

import { bootstrapOption, bootstrapUsage, connectTo } from "../cluster-options.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../usage-error.ts";

/** `millrace produce`: a record per line of standard input. */
export const produceCommand: Command = {
  name: "produce",
  summary: "write a record per line of standard input",
  usage: `millrace produce --topic NAME [--key-separator TEXT]

  --key-separator TEXT     what stands between key and value; without it records have no key
${bootstrapUsage}`,

  async run(parameters, { lines, signal, print }) {
    const { values } = parseArgs({
      args: [...parameters],
      options: {
        ...bootstrapOption,
        topic: { type: "string" },
        "key-separator": { type: "string" },
      },
    });
    const { topic, "key-separator": separator } = values;
    if (topic === undefined) throw new UsageError("say where to: --topic NAME");
    await using client = connectTo(values.bootstrap);
    const writer = client.openWriter({});
    await writer.prepare([topic], signal);
    const partitionCount = writer.partitionCount(topic) ?? 1;
    const { clock } = nodePlatform();
    let count = 0;
    for await (const line of lines()) {
      const { key, value } = split(line, separator);
      const partition =
        key === null ? count % partitionCount : partitionForKey(key, partitionCount);
      const appender = writer.partition(topic, partition);
      if (!appender.append(clock.wallMs(), key, value, noHeaders)) await writer.drained(signal);
      count += 1;
      if (signal.aborted) break;
    }
    await writer.flush();
    await writer.close();
    print(`${count} records written to ${topic}`);
  },
};

function split(
  line: string,
  separator: string | undefined,
): { readonly key: Uint8Array | null; readonly value: Uint8Array } {
  const at = separator === undefined ? -1 : line.indexOf(separator);
  if (separator === undefined || at < 0) return { key: null, value: encodeUtf8(line) };
  return {
    key: encodeUtf8(line.slice(0, at)),
    value: encodeUtf8(line.slice(at + separator.length)),
  };
}
