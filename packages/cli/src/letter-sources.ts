import type { KafkaClient } from "@millrace/client";
import { equalBytes, topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";

import { noteOf, ownHeaders } from "./dead-letter.ts";
import { readRanges, type OffsetRange, type StoredRecord } from "./read-ranges.ts";

type Place = TopicPartition & { readonly offset: Offset };

/**
 * The records that dead letters are for, as far as they are still where the letters say that they came from. A letter
 * has their keys and values; its time and its headers are those that operators had given the record by the time it failed.
 */
export class LetterSources {
  readonly #partitionCounts: ReadonlyMap<string, number>;
  readonly #records: ReadonlyMap<string, StoredRecord>;

  private constructor(
    partitionCounts: ReadonlyMap<string, number>,
    records: ReadonlyMap<string, StoredRecord>,
  ) {
    this.#partitionCounts = partitionCounts;
    this.#records = records;
  }

  static async read(
    client: KafkaClient,
    letters: readonly StoredRecord[],
    signal: AbortSignal,
  ): Promise<LetterSources> {
    const origins = letters.flatMap((letter) => noteOf(letter).origin ?? []);
    const topics = [...new Set(origins.map(({ topic }) => topic))];
    const described = await client.admin.describeTopics(topics, signal);
    // Nobody's records go into a topic of the cluster's own, whatever a letter says.
    const written = [...described].filter(([, { isInternal }]) => !isInternal);
    const counts = new Map(written.map(([name, one]) => [name, one.partitionCount]));
    const isThere = ({ topic, partition }: Place): boolean => partition < (counts.get(topic) ?? 0);
    const records = await readPlaces(client, origins.filter(isThere), signal);
    return new LetterSources(counts, records);
  }

  hasTopic(topic: string): boolean {
    return this.#partitionCounts.has(topic);
  }

  /** What the letter is for; undefined: it holds no record, and the one that it is for is gone, or is not known. */
  recordOf(letter: StoredRecord): StoredRecord | undefined {
    const { origin } = noteOf(letter);
    const source = origin && this.#records.get(placeName(origin));
    if (letter.key === null && letter.value === null) return source;
    // Else it is another one: the topic was made anew.
    const isSame =
      source !== undefined && same(source.key, letter.key) && same(source.value, letter.value);
    return isSame ? source : { ...letter, headers: ownHeaders(letter) };
  }
}

/** By their names: a round for the first one of each partition, then one for the second ones, and so on. */
async function readPlaces(
  client: KafkaClient,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, StoredRecord>> {
  const found = new Map<string, StoredRecord>();
  let left = await rangesOf(client, places, signal);
  while (left.length > 0) {
    const round = new Map<string, OffsetRange>();
    for (const range of left) {
      const name = topicPartitionName(range.topic, range.partition);
      if (!round.has(name)) round.set(name, range);
    }
    const ranges = [...round.values()];
    for await (const { records } of readRanges(client, ranges, signal))
      for (const record of records) found.set(placeName(record), record);
    left = left.filter((range) => !ranges.includes(range));
  }
  return found;
}

/** Each place once, without those that are not there any more. */
async function rangesOf(
  { admin }: KafkaClient,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<readonly OffsetRange[]> {
  const partitions = new Map(
    places.map(({ topic, partition }) => [
      topicPartitionName(topic, partition),
      { topic, partition },
    ]),
  );
  const at = async (where: "earliest" | "latest") => {
    const asked = [...partitions.values()].map((one) => ({ ...one, at: where }));
    const told = await admin.listOffsets(asked, { isolation: "read_committed", signal });
    return new Map([...partitions.keys()].map((name, index) => [name, told[index].offset]));
  };
  if (partitions.size === 0) return [];
  const [starts, ends] = [await at("earliest"), await at("latest")];
  const once = new Map(places.map((place) => [placeName(place), place]));
  return [...once.values()].flatMap(({ topic, partition, offset }) => {
    const name = topicPartitionName(topic, partition);
    const isThere = offset >= (starts.get(name) ?? 0) && offset < (ends.get(name) ?? 0);
    return isThere ? [{ topic, partition, from: offset, to: offset + 1 }] : [];
  });
}

function placeName({ topic, partition, offset }: Place): string {
  return `${topicPartitionName(topic, partition)}@${offset}`;
}

function same(left: Uint8Array | null, right: Uint8Array | null): boolean {
  return left === null || right === null ? left === right : equalBytes(left, right);
}
