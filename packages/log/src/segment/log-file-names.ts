import type { Offset } from "@millrace/model";

/** Kafka's names of the files of a partition (`LogFileUtils`). */
export const logSuffix = ".log";
export const offsetIndexSuffix = ".index";
export const timeIndexSuffix = ".timeindex";
export const transactionIndexSuffix = ".txnindex";
export const producerSnapshotSuffix = ".snapshot";
/** Sizes and checksums of a segment's files: ours, and no other program's. */
export const checksumSuffix = ".checksum";
/** What only makes sense beside a `.log` of the same name. */
export const companionSuffixes: readonly string[] = [
  offsetIndexSuffix,
  timeIndexSuffix,
  transactionIndexSuffix,
  checksumSuffix,
];
/** What compaction is writing (`.cleaned`), and what takes the place of what it was made from (`.swap`). */
export const cleanedSuffix = ".cleaned";
export const swapSuffix = ".swap";
/** What was to take such a place, and was not what had been written; kept for people, never read again. */
export const damagedSuffix = ".damaged";
/** What upkeep took away, until it is removed. */
export const deletedSuffix = ".deleted";
/** Files left by an interrupted compaction (`.cleaned`) or removal (`.deleted`) are removed when a log opens. */
export const leftoverSuffixes: readonly string[] = [cleanedSuffix, deletedSuffix, ".tmp"];
/** Bytes of a torn tail, kept for people; never read again. */
export const tornSuffix = ".torn";

/** An offset as 20 digits, so that names sort like numbers. */
export function offsetFileName(offset: Offset, suffix: string): string {
  return offset.toString().padStart(20, "0") + suffix;
}

/** The offset in `<20 digits><suffix>`, or undefined for another name. */
export function offsetOfFileName(name: string, suffix: string): Offset | undefined {
  if (!name.endsWith(suffix)) return undefined;
  const digits = name.slice(0, name.length - suffix.length);
  return /^\d{20}$/.test(digits) ? Number(digits) : undefined;
}
