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
  /** Nanoseconds of processor time a record, the median of the pieces. */
  readonly nanos: number;
  /** Of the same work of the bare library. */
  readonly bareNanos: number;
  /**
   * Of the cheapest pieces: who else is at work takes the processor's caches away again and again, and work with more code
   * has more to bring back. Between two such times there are pieces of a millisecond that nobody has disturbed.
   */
  readonly ratio: number;
}

/** Records that are done in one go, first by the one and then by the other. */
const pieceRecords = 1_000;

/** What work costs beside bare work, in pieces that do one and then the other, each first in turn. */
export function costBeside(
  work: RecordWork,
  bare: RecordWork,
  { rounds, records }: { readonly rounds: number; readonly records: number },
): Cost {
  for (const warmed of [work, bare, work, bare]) cpuMsOf(warmed, records);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let piece = 0; piece < (rounds * records) / pieceRecords; piece++) {
    const isOursFirst = piece % 2 === 0;
    if (isOursFirst) ours.push(cpuMsOf(work, pieceRecords));
    theirs.push(cpuMsOf(bare, pieceRecords));
    if (!isOursFirst) ours.push(cpuMsOf(work, pieceRecords));
  }
  return {
    nanos: (medianOf(ours) * 1e6) / pieceRecords,
    bareNanos: (medianOf(theirs) * 1e6) / pieceRecords,
    ratio: Math.min(...ours) / Math.min(...theirs),
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
