import type { Offset, TopicPartition } from "@millrace/model";

/** By topic and partition: the offset of the last record that an answer has seen (Kafka: `Position`). */
export type Position = Readonly<Record<string, Readonly<Record<number, Offset>>>>;

/** @param inputs with the offset of the next record that is not seen */
export function positionBefore(
  inputs: Iterable<TopicPartition & { readonly offset: Offset }>,
): Position {
  const position: Record<string, Record<number, Offset>> = {};
  for (const { topic, partition, offset } of inputs)
    (position[topic] ??= {})[partition] = offset - 1;
  return position;
}

/** Both, each as far as the further one. */
export function mergePositions(left: Position, right: Position): Position {
  const merged: Record<string, Record<number, Offset>> = {};
  for (const position of [left, right])
    for (const [topic, partitions] of Object.entries(position)) {
      const own = (merged[topic] ??= {});
      for (const [partition, offset] of Object.entries(partitions))
        own[Number(partition)] = Math.max(own[Number(partition)] ?? -1, offset);
    }
  return merged;
}

/**
 * What of a bound is not reached, for messages; undefined: nothing.
 *
 * @param partition undefined: what answers has read all of them
 */
export function missingOf(
  position: Position,
  bound: Position,
  partition: number | undefined,
): string | undefined {
  for (const [topic, partitions] of Object.entries(bound))
    for (const [name, wanted] of Object.entries(partitions)) {
      const one = Number(name);
      const reached = position[topic]?.[one] ?? -1;
      if ((partition === undefined || one === partition) && reached < wanted)
        return `${topic}-${one} is at ${reached}, asked for was ${wanted}`;
    }
  return undefined;
}
