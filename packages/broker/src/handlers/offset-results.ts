/** A topic in the answer to a commit or deletion of offsets. */
export interface OffsetTopicResult {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly OffsetPartitionResult[];
}

export interface OffsetPartitionResult {
  readonly partitionIndex: number;
  readonly errorCode: number;
}

interface AskedPartition {
  readonly partitionIndex: number;
}

interface AskedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly AskedPartition[];
}

type PartitionOf<Topic extends AskedTopic> = Topic["partitions"][number];

/** Topics as asked for, parted into what is refused at once and what goes to the coordinator. */
export interface PartedOffsets<Topic extends AskedTopic> {
  readonly refused: readonly OffsetTopicResult[];
  readonly accepted: readonly {
    readonly topic: Topic;
    readonly partitions: readonly PartitionOf<Topic>[];
  }[];
}

/** @param refuse Kafka's error code for one partition; 0 lets it through */
export function partOffsets<Topic extends AskedTopic>(
  topics: readonly Topic[],
  refuse: (topic: Topic, partition: PartitionOf<Topic>) => number,
): PartedOffsets<Topic> {
  const refused = new MergedTopics();
  const accepted: { topic: Topic; partitions: readonly PartitionOf<Topic>[] }[] = [];
  for (const topic of topics) {
    const good: PartitionOf<Topic>[] = [];
    for (const partition of topic.partitions) {
      const code = refuse(topic, partition);
      if (code === 0) good.push(partition);
      else refused.add(topic, [{ partitionIndex: partition.partitionIndex, errorCode: code }]);
    }
    if (good.length > 0) accepted.push({ topic, partitions: good });
  }
  return { refused: refused.list(), accepted };
}

/**
 * The answer, as Kafka puts it together: what was refused first. A topic that was asked for twice
 * is there once, unless nothing was refused.
 *
 * @param codes of the accepted partitions in their order, or one for all
 */
export function mergeOffsetResults<Topic extends AskedTopic>(
  parted: PartedOffsets<Topic>,
  codes: readonly number[] | number,
): readonly OffsetTopicResult[] {
  let next = 0;
  const results = parted.accepted.map(({ topic, partitions }) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode: typeof codes === "number" ? codes : codes[next++],
    })),
  }));
  if (parted.refused.length === 0) return results;
  const merged = new MergedTopics();
  for (const result of [...parted.refused, ...results]) merged.add(result, result.partitions);
  return merged.list();
}

class MergedTopics {
  readonly #topics = new Map<string, OffsetTopicResult & { partitions: OffsetPartitionResult[] }>();

  add(
    { name, topicId }: { readonly name: string; readonly topicId: string },
    partitions: readonly OffsetPartitionResult[],
  ): void {
    const key = name === "" ? topicId : name;
    const known = this.#topics.get(key);
    if (known === undefined) this.#topics.set(key, { name, topicId, partitions: [...partitions] });
    else known.partitions.push(...partitions);
  }

  list(): readonly OffsetTopicResult[] {
    return [...this.#topics.values()];
  }
}
