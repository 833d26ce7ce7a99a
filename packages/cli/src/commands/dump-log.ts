import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { toHex } from "@millrace/model";

import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import type { DumpEntry, ShowRecord } from "../dump/dump-entry.ts";
import {
  readOffsetIndex,
  readProducers,
  readTimeIndex,
  readTransactionIndex,
} from "../dump/read-index.ts";
import { readSegment } from "../dump/read-segment.ts";
import { showInternal } from "../dump/show-internal.ts";
import { choiceFlag, namesFlag, switchFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { decodeAs, formatNames, type FormatName } from "../record-format.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

/** Files of a partition's folder that are read. */
const dumpable = /^(\d{20})(?:-\d{10})?\.(log|index|timeindex|txnindex|snapshot|checkpoint)$/;

const formatFlag = (of: string) =>
  choiceFlag(formatNames, {
    placeholder: "FORMAT",
    byDefault: "string",
    about: `how ${of} are shown, with --records: ${formatNames.join(", ")}`,
  });

/** `millrace dump-log`: what the files of a partition hold (Kafka: `kafka-dump-log`). */
export const dumpLogCommand = command({
  path: "dump-log",
  summary: "print what is in the files of a log, Millrace's or Apache Kafka's",
  names: "FILE…",
  flags: {
    files: namesFlag({
      placeholder: "FILE,…",
      about: "the same as words without flag, behind commas",
    }),
    records: switchFlag({
      about: "the records of batches, too",
      aliases: ["print-data-log", "deep-iteration"],
    }),
    key: formatFlag("keys"),
    value: formatFlag("values"),
    json: jsonFlag,
  },
  notes: `FILE is a segment (.log), an index (.index, .timeindex, .txnindex), a snapshot of producers (.snapshot) or of the metadata
(.checkpoint), or the folder of a partition. Nothing is changed, and a broker may run meanwhile. Records of __consumer_offsets,
__transaction_state, __share_group_state and __cluster_metadata are decoded. Ends with 1 where something is damaged.`,
  // Not async: nothing is waited for.
  run: ({ flags, names }, terminal) => {
    const given = [...names, ...flags.files];
    if (given.length === 0) throw new UsageError("give a FILE, or the folder of a partition");
    let damageCount = 0;
    for (const path of given.flatMap(filesOf)) {
      if (!flags.json) terminal.print(path);
      for (const entry of entriesOf(path, flags)) {
        if (terminal.signal.aborted) return Promise.resolve();
        if (entry.kind === "damage") damageCount++;
        tell(entry, { path, isJson: flags.json }, terminal);
      }
    }
    if (damageCount === 0) return Promise.resolve();
    throw new CommandError(
      `${damageCount} ${damageCount === 1 ? "place is" : "places are"} damaged; millrace log check looks at a whole data folder`,
    );
  },
});

function filesOf(path: string): readonly string[] {
  if (!existsSync(path)) throw new CommandError(`there is no ${path}`);
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path)
    .filter((name) => dumpable.test(name))
    .toSorted();
  if (files.length === 0) throw new CommandError(`${path} is not the folder of a partition`);
  return files.map((name) => join(path, name));
}

interface DumpFlags {
  readonly records: boolean;
  readonly key: FormatName;
  readonly value: FormatName;
}

function entriesOf(path: string, flags: DumpFlags): Iterable<DumpEntry> {
  const [, base, ending] = dumpable.exec(basename(path)) ?? [];
  switch (ending) {
    case "log":
    case "checkpoint":
      return readSegment(path, flags.records ? showOf(path, flags) : undefined);
    case "index":
      return readOffsetIndex(path, Number(base));
    case "timeindex":
      return readTimeIndex(path, Number(base));
    case "txnindex":
      return readTransactionIndex(path);
    case "snapshot":
      return readProducers(path);
    default:
      throw new CommandError(
        `${path} has not the name of a segment, an index or a snapshot, such as 00000000000000000000.log`,
      );
  }
}

/** By the folder's name it is told which topic it is. */
function showOf(path: string, { key: keyFormat, value: valueFormat }: DumpFlags): ShowRecord {
  const topic = basename(dirname(resolve(path))).replace(/-\d+$/, "");
  return (
    showInternal(topic) ??
    ((key, value) => ({
      key: key === null ? null : decodeAs(keyFormat, key, "a key"),
      value: value === null ? null : decodeAs(valueFormat, value, "a value"),
    }))
  );
}

function tell(
  entry: DumpEntry,
  { path, isJson }: { readonly path: string; readonly isJson: boolean },
  { print }: Terminal,
): void {
  if (isJson) return print(jsonOf({ file: path, ...entry }));
  switch (entry.kind) {
    case "batch":
      return print(
        [
          `  offsets ${entry.baseOffset} to ${entry.lastOffset}`,
          `records ${entry.recordCount}`,
          `at byte ${entry.position}`,
          `bytes ${entry.sizeBytes}`,
          `epoch ${entry.leaderEpoch}`,
          `${entry.timestampType} time ${timeText(entry.maxTimestamp)}`,
          ...(entry.producerId < 0
            ? []
            : [
                `producer ${entry.producerId} epoch ${entry.producerEpoch} sequence ${entry.baseSequence}`,
              ]),
          `compression ${entry.compression}`,
          ...(entry.isTransactional ? ["transactional"] : []),
          ...(entry.isControl ? ["control"] : []),
          ...(entry.deleteHorizonMs === undefined
            ? []
            : [`delete horizon ${timeText(entry.deleteHorizonMs)}`]),
          `crc ${entry.crc}`,
        ].join("  "),
      );
    case "record":
      return print(
        [
          `    offset ${entry.offset}`,
          timeText(entry.timestamp),
          ...(entry.control === undefined ? [] : [entry.control]),
          `key ${jsonOf(entry.key)}`,
          `value ${jsonOf(entry.value)}`,
          ...(entry.headers.length === 0 ? [] : [`headers ${jsonOf(entry.headers)}`]),
        ].join("  "),
      );
    case "entry":
      return print(
        `  ${Object.entries(entry.fields)
          .map(([name, value]) => `${name} ${value}`)
          .join("  ")}`,
      );
    case "damage": {
      const offset = entry.offset < 0 ? "" : `, offset ${entry.offset}`;
      return print(`damage: ${path} at byte ${entry.position}${offset}: ${entry.reason}`);
    }
  }
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) => {
    if (one instanceof Uint8Array) return toHex(one);
    return typeof one === "bigint" ? String(one) : one;
  });
}

function timeText(timestamp: number): string {
  return timestamp < 0 ? "none" : new Date(timestamp).toISOString();
}
