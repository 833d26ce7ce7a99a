import type { ClusterClient } from "millrace";

import { readTopic, type ReadRecord } from "./read-topic.ts";
import type { WorkloadName } from "./workloads.ts";

/** Told of two outputs: equal summaries, equal outputs. */
export type Summary = ReadonlyMap<string, number | string>;

/** What a workload must write. */
export interface ExpectedOutput {
  readonly summary: Summary;
  /** Records that may be there or not, since the order of equal times decides: they are left out on both sides. */
  readonly isOpen: (key: string, timestamp: number) => boolean;
}

/**
 * How outputs are compared: as a multiset of records, of times, keys and JSON values, or by the last value of each
 * key.
 */
type Comparison = "records" | "jsonRecords" | "lastCounts" | "lastJson";

export const comparisonOf: Readonly<Record<WorkloadName, Comparison>> = {
  copy: "records",
  "filter-map": "jsonRecords",
  count: "lastCounts",
  "repartition-count": "lastCounts",
  tumbling: "lastJson",
  hopping: "lastCounts",
  session: "lastCounts",
  "stream-table": "jsonRecords",
  "stream-stream": "jsonRecords",
  "foreign-key": "lastJson",
};

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** What a workload has written, as a read-committed consumer sees it. */
export async function actualOutput(
  client: ClusterClient,
  workload: WorkloadName,
  isOpen: ExpectedOutput["isOpen"],
): Promise<Summary> {
  const sum = new RecordSum();
  const last = new Map<string, number | string>();
  const comparison = comparisonOf[workload];
  await readTopic(client, "out", (record) => {
    if (comparison === "records") return sum.add(bytesHash(record));
    const key = textOf(record.key);
    if (comparison === "lastCounts") last.set(key, int64(record.value));
    else if (comparison === "lastJson") last.set(key, canonicalJson(valueOf(record)));
    else if (!isOpen(key, record.timestamp))
      sum.add(jsonHash(key, record.timestamp, valueOf(record)));
  });
  return last.size === 0 ? sum.summary : last;
}

/** Says how two outputs differ; undefined where they do not. */
export function differenceOf(expected: Summary, actual: Summary): string | undefined {
  const different = [...expected].filter(([key, value]) => actual.get(key) !== value);
  if (different.length === 0 && expected.size === actual.size) return undefined;
  const [key, value] = different.at(0) ?? ["size", expected.size];
  return `${different.length} of ${expected.size} rows differ, such as ${key}: ${value} expected, ${actual.get(key)} found`;
}

/** Count and sum of hashes: of a multiset, whatever the order over partitions. */
export class RecordSum {
  #records = 0;
  #hashes = 0;

  add(hash: number): void {
    this.#records += 1;
    this.#hashes = (this.#hashes + hash) % Number.MAX_SAFE_INTEGER;
  }

  get summary(): Summary {
    return new Map([
      ["records", this.#records],
      ["hashes", this.#hashes],
    ]);
  }
}

export function textOf(bytes: Uint8Array | null): string {
  return decoder.decode(bytes ?? undefined);
}

/** The JSON value; null where there is none. */
export function valueOf({ value }: ReadRecord): unknown {
  return value === null ? null : JSON.parse(textOf(value));
}

/** The same text for the same fields, whatever their order. */
export function canonicalJson(value: unknown): string {
  if (value === null) return "null";
  const fields = value as Readonly<Record<string, unknown>>;
  return JSON.stringify(fields, Object.keys(fields).toSorted());
}

export function bytesHash({ timestamp, key, value }: ReadRecord): number {
  return fnv(value, fnv(key, (timestamp % 2 ** 31) | 0)) >>> 0;
}

export function jsonHash(key: string, timestamp: number, value: unknown): number {
  return fnv(encoder.encode(`${key} ${timestamp} ${canonicalJson(value)}`), 7);
}

function fnv(bytes: Uint8Array | null, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  if (bytes === null) return hash;
  for (let index = 0; index < bytes.length; index++) {
    hash = Math.imul(hash ^ bytes[index], 0x01000193);
  }
  return hash >>> 0;
}

function int64(value: Uint8Array | null): number {
  if (value === null) return -1;
  return Number(new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0));
}
