import type { Offset, TopicPartition } from "@millrace/model";

/** By topic and partition: the offset of the last record that an answer has seen (Kafka: `Position`). */
export type Position = Readonly<Record<string, Readonly<Record<number, Offset>>>>;

type Partitions = Record<number, Offset>;

/** @param inputs with the offset of the next record that is not seen */
export function positionBefore(
  inputs: Iterable<TopicPartition & { readonly offset: Offset }>,
): Position {
  const seen = new Map<string, Partitions>();
  for (const { topic, partition, offset } of inputs)
    partitionsOf(topic, seen)[partition] = offset - 1;
  return positionOf(seen);
}

/** Both, each as far as the further one. */
export function mergePositions(left: Position, right: Position): Position {
  const merged = new Map<string, Partitions>();
  for (const position of [left, right])
    for (const [topic, partitions] of Object.entries(position)) {
      const own = partitionsOf(topic, merged);
      for (const [name, offset] of Object.entries(partitions)) {
        const partition = Number(name);
        own[partition] = Math.max(own[partition] ?? -1, offset);
      }
    }
  return positionOf(merged);
}

function partitionsOf(topic: string, of: Map<string, Partitions>): Partitions {
  const known = of.get(topic);
  if (known !== undefined) return known;
  const fresh: Partitions = {};
  of.set(topic, fresh);
  return fresh;
}

/** A topic may have a name that every object has, such as `constructor`: it becomes a member of its own. */
function positionOf(seen: ReadonlyMap<string, Partitions>): Position {
  return Object.fromEntries(seen);
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
