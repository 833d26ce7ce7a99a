/** Partitions by an id: of a topic, or of a subtopology. No entry is empty. */
export type PartitionSets = ReadonlyMap<string, ReadonlySet<number>>;

/** Partitions by such an id, each with the epoch of the assignment that gave it. */
export type PartitionEpochs = ReadonlyMap<string, ReadonlyMap<number, number>>;

export function partitionSetsEqual(left: PartitionSets, right: PartitionSets): boolean {
  if (left.size !== right.size) return false;
  for (const [id, partitions] of left) {
    const others = right.get(id);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions) if (!others.has(partition)) return false;
  }
  return true;
}

export function partitionEpochsEqual(left: PartitionEpochs, right: PartitionEpochs): boolean {
  if (left.size !== right.size) return false;
  for (const [id, epochs] of left) {
    const others = right.get(id);
    if (others === undefined || others.size !== epochs.size) return false;
    for (const [partition, epoch] of epochs) if (others.get(partition) !== epoch) return false;
  }
  return true;
}

/** True if one of the partitions is among the others. */
export function overlap(sets: PartitionSets, others: PartitionSets | PartitionEpochs): boolean {
  for (const [id, partitions] of sets) {
    const other = others.get(id);
    if (other === undefined) continue;
    for (const partition of partitions) if (other.has(partition)) return true;
  }
  return false;
}

export function withEpoch(sets: PartitionSets, epoch: number): PartitionEpochs {
  return new Map(
    [...sets].map(([id, partitions]) => [
      id,
      new Map([...partitions].map((partition) => [partition, epoch])),
    ]),
  );
}

/** As records have them; older ones have no epochs: the member's stands for them. */
export function epochsOfRecord(
  list: readonly {
    readonly id: string;
    readonly partitions: readonly number[];
    readonly assignmentEpochs?: readonly number[] | null;
  }[],
  memberEpoch: number,
): PartitionEpochs {
  return new Map(
    list.map(({ id, partitions, assignmentEpochs }) => [
      id,
      new Map(
        partitions.map((partition, index) => [
          partition,
          assignmentEpochs?.length === partitions.length ? assignmentEpochs[index] : memberEpoch,
        ]),
      ),
    ]),
  );
}

/** By the ids of topics, as messages and records have them. */
export function partitionSets(
  list: readonly { readonly topicId: string; readonly partitions: readonly number[] }[],
): PartitionSets {
  return new Map(list.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
}

export function withoutEpochs(sets: PartitionEpochs): PartitionSets {
  return new Map([...sets].map(([id, partitions]) => [id, new Set(partitions.keys())]));
}

export function merged(left: PartitionEpochs, right: PartitionEpochs): PartitionEpochs {
  const sets = new Map(left);
  for (const [id, partitions] of right)
    sets.set(id, new Map([...(left.get(id) ?? []), ...partitions]));
  return sets;
}

/** In the order of UTF-16 units, as Java sorts. */
export function byText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export function byNumber(left: number, right: number): number {
  return left - right;
}
