import { noHeaders, partitionForKey, type Headers } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { choiceFlag, numberFlag, pairsFlag, textFlag } from "../flags/flag.ts";
import type { RecordForm } from "../record-form.ts";
import { encodeAs, formatNames } from "../record-format.ts";
import { recordForms, writeSchemaFlags } from "../registry-form.ts";
import { schemaFormatNames } from "../schema-formats.ts";
import { topicName } from "../topic-names.ts";
import { UsageError } from "../usage-error.ts";
import { whenFetched } from "../when-fetched.ts";

const writtenFormats = [...formatNames, ...schemaFormatNames] as const;

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
    key: choiceFlag(writtenFormats, {
      placeholder: "FORMAT",
      byDefault: "string",
      about: `how keys are written: ${writtenFormats.join(", ")}`,
    }),
    value: choiceFlag(writtenFormats, {
      placeholder: "FORMAT",
      byDefault: "string",
      about: "how values are written",
    }),
    null: textFlag({ about: "a value of this text is null, which deletes the key" }),
    header: pairsFlag({ about: "a header of every record" }),
    partition: numberFlag({ about: "where to; default: by the key, else in turn" }),
    ...writeSchemaFlags,
  },
  notes:
    "By avro, protobuf and json-schema a line is JSON. With --schema that schema is registered where it is not; without, the latest version is written with.",

  run: ({ flags, names }, { lines, signal, print, progress }) =>
    withClient(flags, async (client) => {
      const topic = topicName(names, flags.topic);
      if (flags.latest && (flags.schema !== undefined || flags["key-schema"] !== undefined))
        throw new UsageError("--latest does not go with --schema or --key-schema");
      const { key: keyForm, value: valueForm } = await recordForms(
        { topic, flags },
        { key: flags["key-separator"] === undefined ? undefined : flags.key, value: flags.value },
      );
      const format = { ...flags, keyForm, valueForm };
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
          const { key, value } = await whenFetched(() => recordOf(line, count + 1, format), signal);
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
  readonly keyForm: RecordForm | undefined;
  readonly valueForm: RecordForm;
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
  const { keyForm, valueForm } = format;
  return {
    key: keyForm?.encode(line.slice(0, at), `the key of line ${number}`) ?? null,
    value: value === format.null ? null : valueForm.encode(value, `the value of line ${number}`),
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
