import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A way to do the same work, called for each record. */
export type RecordWork = () => unknown;

/** Milliseconds of the process's own processor time for `count` calls. */
function cpuMsOf(work: RecordWork, count: number): number {
  const start = process.cpuUsage();
  let kept: unknown;
  for (let index = 0; index < count; index++) kept = work();
  const { user, system } = process.cpuUsage(start);
  // Looked at, so that no compiler leaves the work out.
  if (kept === undefined) throw new Error("the work gave nothing");
  return (user + system) / 1000;
}

export interface Cost {
  /** Nanoseconds of processor time a record, the median of the rounds. */
  readonly nanos: number;
  /** Of the same work of the bare library. */
  readonly bareNanos: number;
  /** The median of the rounds' own ratios: what slows the machine down slows both halves of a round. */
  readonly ratio: number;
}

/** What work costs beside bare work, in rounds that do one and then the other, each first in turn. */
export function costBeside(
  work: RecordWork,
  bare: RecordWork,
  { rounds, records }: { readonly rounds: number; readonly records: number },
): Cost {
  for (const warmed of [work, bare, work, bare]) cpuMsOf(warmed, records);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const isOursFirst = round % 2 === 0;
    if (isOursFirst) ours.push(cpuMsOf(work, records));
    theirs.push(cpuMsOf(bare, records));
    if (!isOursFirst) ours.push(cpuMsOf(work, records));
  }
  return {
    nanos: (medianOf(ours) * 1e6) / records,
    bareNanos: (medianOf(theirs) * 1e6) / records,
    ratio: medianOf(ours.map((ms, round) => ms / theirs[round])),
  };
}

export function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)];
}

/** By how many bytes the heap is larger after so many records than before, both after a collection. */
export function heapGrowth(work: RecordWork, count: number): number {
  cpuMsOf(work, 50_000);
  const before = heapUsed();
  cpuMsOf(work, count);
  return heapUsed() - before;
}

function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const { heapUsed: heap, arrayBuffers } = process.memoryUsage();
  return heap + arrayBuffers;
}
