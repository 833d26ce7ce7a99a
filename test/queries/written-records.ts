import { encodeUtf8, murmur2 } from "@millrace/model";
import type { Position } from "millrace";

// What is written is known to all processes without a word: at an offset of a partition there is always the same.

export const partitionCount = 4;
const keysOfPartition = 4;

/** Of all records: none is too old to be kept. */
export const writtenAtMs = 60_000 * Math.floor(Date.UTC(2026, 0, 1) / 60_000);

/** By partition, as Kafka's clients write them. */
export const keys: readonly (readonly string[])[] = Array.from(
  { length: partitionCount },
  (_, partition) => {
    const found: string[] = [];
    for (let index = 0; found.length < keysOfPartition; index++) {
      const key = `key-${index}`;
      if ((murmur2(encodeUtf8(key)) & 0x7fffffff) % partitionCount === partition) found.push(key);
    }
    return found;
  },
);

export function keyAt(partition: number, offset: number): string {
  return keys[partition][offset % keysOfPartition];
}

/** How often a partition had a key up to an offset, that one too. */
function countAt(index: number, offset: number): number {
  return offset < index ? 0 : Math.floor((offset - index) / keysOfPartition) + 1;
}

/** The counts of a partition at a position of a topic, in the order of the keys. */
export function tableAt(
  position: Position,
  topic: string,
  partition: number,
): readonly (readonly [string, number])[] {
  const offset = position[topic]?.[partition] ?? -1;
  return keys[partition]
    .map((key, index) => [key, countAt(index, offset)] as const)
    .filter(([, count]) => count > 0)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
}

/** The offset of the last record of a key up to an offset; -1: there is none. */
export function lastOffsetOf(partition: number, key: string, offset: number): number {
  const index = keys[partition].indexOf(key);
  const count = countAt(index, offset);
  return count === 0 ? -1 : index + (count - 1) * keysOfPartition;
}

/** How many records make a table. */
export function recordsIn(table: readonly (readonly [string, number])[]): number {
  return table.reduce((sum, [, count]) => sum + count, 0);
}
