import {
  OffsetOutOfRangeError,
  PartitionError,
  type BatchReaderOptions,
  type ClusterError,
} from "@millrace/cluster";
import { topicPartitionName } from "@millrace/model";

import { notKafkajs, type KafkajsLink } from "../link/kafkajs-link.ts";
import { clusterCodeOf, kafkajsFailureOf, type KafkajsFailure } from "../link/kafkajs-failure.ts";
import { listOffsets, partitionNotFound } from "../link/list-offsets.ts";
import { topicsOf } from "../link/topic-catalog.ts";
import { endOf, isFetched, type FetchedPartition } from "./fetched.ts";
import type { ReadPartition } from "./read-partition.ts";

const isolationLevels = { read_uncommitted: 0, read_committed: 1 } as const;

/** Bytes of one answer, over all partitions; kafkajs decodes it at once. */
const answerBytesMax = 10 * 1024 * 1024;
/** Beyond this many bytes without a record there is none up to the end: an empty batch has 61 bytes. */
const emptyBytesMax = 16 * 1024 * 1024;

export interface FetcherParts {
  readonly link: KafkajsLink;
  readonly options: BatchReaderOptions;
  readonly onFetched: (partition: ReadPartition, fetched: FetchedPartition) => void;
  /** Nothing of this reader can go on: kafkajs lacks what its records need. */
  readonly onUnsupported: (error: ClusterError) => void;
}

/** Fetches partitions of one leader, and finds out which of them fails: kafkajs tells that something has. */
export class Fetcher {
  readonly #parts: FetcherParts;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /** Asks for leaders that are not known; who has none yet waits, who is not there has failed. */
  async findLeaders(partitions: readonly ReadPartition[]): Promise<void> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const found = await this.#parts.link.through((ready) => topicsOf(ready, topics));
    for (const place of partitions) {
      const leader = found.get(place.topic)?.[place.partition];
      if (leader === undefined) place.failure = partitionNotFound(place);
      else if (leader >= 0) place.leader = leader;
    }
  }

  /** Rejects with what may pass: then it is to be tried again, a little later. */
  async fetch(leader: number, partitions: readonly ReadPartition[]): Promise<void> {
    try {
      await this.#fetch(leader, partitions);
    } catch (error) {
      await this.#examine(partitions, error);
    }
  }

  async #fetch(leader: number, partitions: readonly ReadPartition[]): Promise<void> {
    const { link, options } = this.#parts;
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
    const request = {
      isolationLevel: isolationLevels[options.isolation],
      maxWaitTime: options.fetchWaitMsMax ?? 500,
      minBytes: 1,
      maxBytes: Math.max(answerBytesMax, ...partitions.map(({ bytesMax }) => bytesMax)),
      topics: [...byTopic].map(([topic, own]) => ({
        topic,
        partitions: own.map(({ partition, fetchOffset, bytesMax }) => ({
          partition,
          fetchOffset: `${fetchOffset}`,
          maxBytes: bytesMax,
        })),
      })),
    };
    const answer: unknown = await link.through(async (ready) => {
      const broker = await ready.broker(leader);
      return broker.fetch(request);
    });
    if (!isFetched(answer)) throw notKafkajs("other answers to a fetch");
    const asked = new Map(
      partitions.map((one) => [topicPartitionName(one.topic, one.partition), one]),
    );
    for (const { topicName, partitions: fetched } of answer.responses)
      for (const one of fetched) {
        const place = asked.get(topicPartitionName(topicName, one.partition));
        if (place !== undefined) this.#take(place, one);
      }
  }

  #take(place: ReadPartition, fetched: FetchedPartition): void {
    const isCommitted = this.#parts.options.isolation === "read_committed";
    const end = Number(isCommitted ? fetched.lastStableOffset : fetched.highWatermark);
    place.endOffset = end;
    const behind = endOf(fetched);
    if (behind !== undefined) {
      this.#parts.onFetched(place, fetched);
      place.fetchOffset = Math.max(place.fetchOffset, behind);
      this.#together(place);
    } else if (place.fetchOffset < end) {
      this.#takeNothing(place, end);
    } else {
      this.#together(place);
    }
  }

  /**
   * Others had the room of the answer, or what lies there are batches whose records compaction has taken: of those
   * kafkajs tells nothing. Alone a partition is given at least one batch.
   */
  #takeNothing(place: ReadPartition, end: number): void {
    if (place.isAlone && place.bytesMax >= emptyBytesMax) {
      place.fetchOffset = end;
      this.#together(place);
      return;
    }
    if (place.isAlone) place.bytesMax = Math.min(emptyBytesMax, place.bytesMax * 16);
    place.isAlone = true;
  }

  #together(place: ReadPartition): void {
    place.isAlone = false;
    place.bytesMax = this.#parts.options.partitionBytesMax ?? 1024 * 1024;
  }

  /** @throws the error, where it may pass */
  async #examine(partitions: readonly ReadPartition[], error: unknown): Promise<void> {
    const failure = kafkajsFailureOf(error);
    const { type, topic, partition } = failure;
    if (type === "OFFSET_OUT_OF_RANGE") {
      const place = partitions.find((one) => one.topic === topic && one.partition === partition);
      if (place !== undefined) await this.#outOfRange(place);
      return;
    }
    const code = clusterCodeOf(failure);
    if (code === "UNSUPPORTED_BY_CLIENT") {
      this.#parts.onUnsupported(missingCodec(failure, error));
      return;
    }
    if (code === "TOPIC_NOT_FOUND" || code === "BROKER_UNREACHABLE" || failure.retriable === true) {
      for (const place of partitions) place.leader = undefined;
      throw error;
    }
    if (code === "REQUEST_TIMED_OUT") throw error;
    if (partitions.length > 1) for (const place of partitions) place.isAlone = true;
    else partitions[0].failure = unreadable(partitions[0], failure, error);
  }

  async #outOfRange(place: ReadPartition): Promise<void> {
    const { topic, partition, fetchOffset: offset } = place;
    const [{ offset: startOffset }, { offset: endOffset }] = await this.#parts.link.through(
      (ready) =>
        listOffsets(ready, [
          { topic, partition, at: "earliest" },
          { topic, partition, at: "latest" },
        ]),
    );
    if (offset >= startOffset && offset <= endOffset) return; // it has come there since
    place.failure = new OffsetOutOfRangeError(place, { offset, startOffset, endOffset });
  }
}

function missingCodec({ message }: KafkajsFailure, cause: unknown): ClusterError {
  return Object.assign(notKafkajs(`no codec for what is to be read: ${message}`), { cause });
}

function unreadable(place: ReadPartition, failure: KafkajsFailure, cause: unknown): PartitionError {
  const name = topicPartitionName(place.topic, place.partition);
  const isRefused = clusterCodeOf(failure) === "NOT_AUTHORIZED";
  return new PartitionError(isRefused ? "NOT_AUTHORIZED" : "BATCH_UNREADABLE", place, {
    message: isRefused
      ? `${name} may not be read: ${failure.message}`
      : `kafkajs cannot read ${name} from offset ${place.fetchOffset} on: ${failure.message}. It does not tell where the next batch begins: the bundled client does, and can skip one`,
    cause,
  });
}
