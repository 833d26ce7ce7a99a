import type { KafkaClient } from "@millrace/client";
import type { OffsetSpecification } from "@millrace/cluster";
import { parseDuration, topicPartitionName, type TopicPartition } from "@millrace/model";

import { CommandError } from "./command-error.ts";
import { fileText } from "./file-text.ts";
import { numberFlag, switchFlag, textFlag, type FlagValues } from "./flags/flag.ts";
import { parseTime } from "./start-offset.ts";
import { UsageError } from "./usage-error.ts";

/** Flags that say where a group is to go on, of which one is given. */
export const targetFlags = {
  "to-earliest": switchFlag({ about: "to the first record" }),
  "to-latest": switchFlag({ about: "behind the last record" }),
  "to-offset": numberFlag({ about: "to this offset" }),
  "to-datetime": textFlag({
    placeholder: "TIME",
    about: "to the first record of 2026-01-31T12:00Z or later; without a zone it is UTC",
  }),
  "by-duration": textFlag({
    placeholder: "DURATION",
    about:
      "to the first record that is no older than this: 90m, 2h, 7d, or PT2H as in Kafka's tools",
  }),
  "shift-by": numberFlag({
    min: Number.MIN_SAFE_INTEGER,
    about: "forward, or back where it is negative",
  }),
  "from-file": textFlag({
    placeholder: "FILE",
    about: "to what a file says: a line per partition, TOPIC,PARTITION,OFFSET",
  }),
};
type TargetFlags = FlagValues<typeof targetFlags>;

export type OffsetTarget =
  | { readonly kind: "at"; readonly at: OffsetSpecification }
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "shift"; readonly by: number }
  | { readonly kind: "file"; readonly offsets: ReadonlyMap<string, number> };

/** Undefined: none of the flags is given. @throws UsageError */
export function targetOf(given: TargetFlags, nowMs: number): OffsetTarget | undefined {
  const targets: OffsetTarget[] = [];
  const { "to-offset": offset, "to-datetime": time, "shift-by": by } = given;
  const { "by-duration": duration, "from-file": file } = given;
  if (given["to-earliest"]) targets.push({ kind: "at", at: "earliest" });
  if (given["to-latest"]) targets.push({ kind: "at", at: "latest" });
  if (offset !== undefined) targets.push({ kind: "offset", offset });
  if (by !== undefined) targets.push({ kind: "shift", by });
  if (time !== undefined)
    targets.push({ kind: "at", at: { timestamp: parseTime("--to-datetime", time) } });
  if (duration !== undefined) {
    const timestamp = Math.max(0, nowMs - durationMs("--by-duration", duration));
    targets.push({ kind: "at", at: { timestamp } });
  }
  if (file !== undefined) targets.push({ kind: "file", offsets: offsetsOf(file) });
  if (targets.length > 1) throw new UsageError(`give one of ${targetNames}`);
  return targets.at(0);
}

export const targetNames =
  "--to-earliest, --to-latest, --to-offset, --to-datetime, --by-duration, --shift-by or --from-file";

export interface PlannedOffset extends TopicPartition {
  /** Undefined: nothing is committed. */
  readonly from: number | undefined;
  readonly offset: number;
}

/** New offsets, within what the partitions have; of a file those partitions alone that it names. */
export async function planOffsets(
  { admin }: KafkaClient,
  groupId: string,
  {
    partitions,
    target,
    signal,
  }: {
    readonly partitions: readonly TopicPartition[];
    readonly target: OffsetTarget;
    readonly signal: AbortSignal;
  },
): Promise<readonly PlannedOffset[]> {
  const wanted =
    target.kind === "file"
      ? partitions.filter((one) => target.offsets.has(nameOf(one)))
      : partitions;
  if (wanted.length === 0) return [];
  const at = (where: OffsetSpecification) =>
    admin.listOffsets(
      wanted.map(({ topic, partition }) => ({ topic, partition, at: where })),
      { signal },
    );
  const [starts, ends] = [await at("earliest"), await at("latest")];
  const found = target.kind === "at" ? await at(target.at) : [];
  const committed = new Map(
    (await admin.groupOffsets(groupId, signal)).map((one) => [nameOf(one), one.offset]),
  );
  return wanted.map(({ topic, partition }, index) => {
    const name = topicPartitionName(topic, partition);
    const from = committed.get(name);
    const start = starts[index].offset;
    const end = ends[index].offset;
    let offset = end; // also where no record is as late as the time asked for
    if (target.kind === "offset") offset = target.offset;
    if (target.kind === "file") offset = target.offsets.get(name) ?? end;
    if (target.kind === "shift") offset = (from ?? start) + target.by;
    if (target.kind === "at" && found[index].offset >= 0) offset = found[index].offset;
    return { topic, partition, from, offset: Math.min(Math.max(offset, start), end) };
  });
}

/** Rows for a table of `topic`, `partition`, `from`, `to`. */
export function plannedRows(
  planned: readonly PlannedOffset[],
): readonly (readonly (string | number)[])[] {
  return planned.map(({ topic, partition, from, offset }) => [
    topic,
    partition,
    from ?? "-",
    offset,
  ]);
}

/** ISO 8601 with days, hours, minutes and seconds, as Java's `Duration` reads it; months have no length. */
const isoDuration = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

function durationMs(flag: string, text: string): number {
  const match = /\d/.test(text) ? isoDuration.exec(text) : null;
  if (match !== null) {
    const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
    return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
  }
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`${flag} is ${JSON.stringify(text)}; give a duration such as 90m or PT2H`);
}

function offsetsOf(file: string): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  for (const [index, text] of fileText("--from-file", file).split("\n").entries()) {
    const line = text.trim();
    if (line === "") continue;
    const match = /^([^,\s]+),(\d+),(\d+)$/.exec(line);
    if (match === null)
      throw new CommandError(
        `${file}, line ${index + 1} is ${JSON.stringify(line)}; it should be TOPIC,PARTITION,OFFSET`,
      );
    const name = topicPartitionName(match[1], Number(match[2]));
    if (offsets.has(name))
      throw new CommandError(`${file}, line ${index + 1}: ${name} is there twice`);
    offsets.set(name, Number(match[3]));
  }
  if (offsets.size === 0) throw new CommandError(`${file} has no line TOPIC,PARTITION,OFFSET`);
  return offsets;
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
