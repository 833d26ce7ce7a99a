import type { PartitionEpochs } from "./partition-sets.ts";

/** What leads from an assignment to its target. */
export interface Difference {
  readonly kept: PartitionEpochs;
  readonly revoked: PartitionEpochs;
  /** To be had, and free. */
  readonly added: PartitionEpochs;
  /** Others that are to be had are not free. */
  readonly isWaiting: boolean;
}

export function comparePartitions(
  current: PartitionEpochs,
  target: PartitionEpochs,
  isTaken: (id: string, partition: number) => boolean,
): Difference {
  const kept = new Map<string, Map<number, number>>();
  const revoked = new Map<string, Map<number, number>>();
  const added = new Map<string, Map<number, number>>();
  let isWaiting = false;
  for (const [id, partitions] of current)
    for (const [partition, epoch] of partitions)
      put(target.get(id)?.has(partition) === true ? kept : revoked, id, [partition, epoch]);
  for (const [id, partitions] of target)
    for (const [partition, epoch] of partitions) {
      if (kept.get(id)?.has(partition) === true) continue;
      if (isTaken(id, partition)) isWaiting = true;
      else put(added, id, [partition, epoch]);
    }
  return { kept, revoked, added, isWaiting };
}

function put(
  sets: Map<string, Map<number, number>>,
  id: string,
  [partition, epoch]: readonly [number, number],
): void {
  const partitions = sets.get(id);
  if (partitions === undefined) sets.set(id, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}
