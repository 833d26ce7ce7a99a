import { parseArgs } from "node:util";

import { decodeUtf8 } from "@millrace/model";

import { bootstrapOption, bootstrapUsage, connectTo } from "../cluster-options.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../usage-error.ts";

/** `millrace consume`: prints a topic's records, all partitions. */
export const consumeCommand: Command = {
  name: "consume",
  summary: "print the records of a topic",
  usage: `millrace consume --topic NAME [--from-beginning] [--to-end] [--count N] [--uncommitted] [--keys]

  --from-beginning         not only what comes from now on
  --to-end                 ends at the end that the topic has now
  --count N                ends after so many records
  --uncommitted            also what transactions have not committed
  --keys                   key, a tab, value
${bootstrapUsage}`,

  async run(parameters, { signal, print }) {
    const { values } = parseArgs({
      args: [...parameters],
      options: {
        ...bootstrapOption,
        topic: { type: "string" },
        "from-beginning": { type: "boolean", default: false },
        "to-end": { type: "boolean", default: false },
        count: { type: "string" },
        uncommitted: { type: "boolean", default: false },
        keys: { type: "boolean", default: false },
      },
    });
    const { topic } = values;
    if (topic === undefined) throw new UsageError("say which: --topic NAME");
    const isolation = values.uncommitted ? "read_uncommitted" : "read_committed";
    await using client = connectTo(values.bootstrap);
    const description = (await client.admin.describeTopics([topic], signal)).get(topic);
    if (description === undefined) throw new UsageError(`there is no topic ${topic}`);
    const partitions = Array.from({ length: description.partitionCount }, (_, partition) => ({
      topic,
      partition,
    }));
    const at = values["from-beginning"] ? ("earliest" as const) : ("latest" as const);
    const wanted = (where: "earliest" | "latest") =>
      partitions.map((one) => ({ ...one, at: where }));
    const starts = await client.admin.listOffsets(wanted(at), { isolation, signal });
    const ends = await client.admin.listOffsets(wanted("latest"), { isolation, signal });
    const reader = client.openReader({ isolation });
    reader.assign(starts);
    let left = values.count === undefined ? Number.POSITIVE_INFINITY : Number(values.count);
    const isBelowEnd = (): boolean => ends.some((end) => (reader.position(end) ?? 0) < end.offset);
    while (!signal.aborted && left > 0 && (!values["to-end"] || isBelowEnd())) {
      for (const batch of await reader.poll({ signal, waitMsMax: 500 })) {
        while (left > 0 && batch.next()) {
          left -= 1;
          print(values.keys ? `${textOf(batch.key)}\t${textOf(batch.value)}` : textOf(batch.value));
        }
        batch.release();
      }
    }
    await reader.close();
  },
};

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? "null" : decodeUtf8(bytes);
}
