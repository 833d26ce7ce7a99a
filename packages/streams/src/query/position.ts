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

/** What of a bound is not reached, for messages; undefined: nothing. Of topics that are no inputs nothing is known. */
export function missingOf(
  position: Position,
  bound: Position,
  {
    topic: isInput,
    partition,
  }: { readonly topic: (name: string) => boolean; readonly partition: number },
): string | undefined {
  for (const [topic, partitions] of Object.entries(bound)) {
    const wanted = partitions[partition];
    const reached = position[topic]?.[partition] ?? -1;
    if (wanted !== undefined && isInput(topic) && reached < wanted)
      return `${topic}-${partition} is at ${reached}, asked for was ${wanted}`;
  }
  return undefined;
}
