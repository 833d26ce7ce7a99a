import { ClusterError, type BatchWriterOptions } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { Message, RecordMetadata } from "kafkajs";

import { clusterCodeOf, clusterErrorOf, kafkajsFailureOf } from "../link/kafkajs-failure.ts";
import type { PendingRecord } from "./pending-partition.ts";

/** Records of one partition, sent as one batch. */
export interface PendingBatch extends TopicPartition {
  readonly records: readonly PendingRecord[];
}

export type TopicMessages = { topic: string; messages: Message[] }[];

export interface DeliveryParts {
  readonly send: (topicMessages: TopicMessages) => Promise<readonly RecordMetadata[]>;
  readonly onRefused: BatchWriterOptions["onRefused"];
  /** A refusal that its owner did not answer with `continue`. */
  readonly onFailed: (error: ClusterError) => void;
}

/**
 * Sends batches and finds out which of their records are refused: kafkajs tells that one of them is. A batch that is sent
 * once more is known to the broker by its sequence number, so that it is not written twice.
 */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #ends = new Map<string, TopicPartition & { readonly endOffset: Offset }>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Ends of what was written since the last time. */
  takeEnds(): readonly (TopicPartition & { readonly endOffset: Offset })[] {
    const ends = [...this.#ends.values()];
    this.#ends.clear();
    return ends;
  }

  /** @throws what leaves unknown whether records were written */
  async deliver(batches: readonly PendingBatch[]): Promise<void> {
    try {
      this.#written(batches, await this.#parts.send(topicMessagesOf(batches)));
    } catch (error) {
      const code = clusterCodeOf(kafkajsFailureOf(error));
      const isOfRecords = code === "RECORD_TOO_LARGE" || code === "RECORD_INVALID";
      const isOfTopic =
        code === "TOPIC_NOT_FOUND" || code === "INVALID_TOPIC" || code === "NOT_AUTHORIZED";
      if (!isOfRecords && !isOfTopic) throw error;
      if (batches.length > 1) {
        for (const batch of batches) await this.deliver([batch]);
        return;
      }
      const [batch] = batches;
      if (isOfTopic || batch.records.length === 1) this.#refuse(batch, error);
      else for (const half of halvesOf(batch)) await this.deliver([half]);
    }
  }

  #written(batches: readonly PendingBatch[], answers: readonly RecordMetadata[]): void {
    for (const { topic, partition, records } of batches) {
      const answer = answers.find((one) => one.topicName === topic && one.partition === partition);
      if (answer?.baseOffset === undefined) continue;
      const endOffset = Number(answer.baseOffset) + records.length;
      this.#ends.set(topicPartitionName(topic, partition), { topic, partition, endOffset });
    }
  }

  #refuse({ topic, partition, records }: PendingBatch, cause: unknown): void {
    const error = refusalOf({ topic, partition }, cause);
    const decision = this.#parts.onRefused?.({
      topic,
      partition,
      error,
      records: records.map(({ appendIndex, timestamp, message, headers }) => ({
        appendIndex,
        timestamp,
        key: bytesOf(message.key),
        value: bytesOf(message.value),
        headers,
      })),
    });
    if (decision !== "continue") this.#parts.onFailed(error);
  }
}

function topicMessagesOf(batches: readonly PendingBatch[]): TopicMessages {
  return [...Map.groupBy(batches, ({ topic }) => topic)].map(([topic, own]) => ({
    topic,
    messages: own.flatMap(({ records }) => records.map(({ message }) => message)),
  }));
}

function halvesOf({ topic, partition, records }: PendingBatch): readonly PendingBatch[] {
  const middle = Math.ceil(records.length / 2);
  return [records.slice(0, middle), records.slice(middle)].map((half) => ({
    topic,
    partition,
    records: half,
  }));
}

function refusalOf({ topic, partition }: TopicPartition, cause: unknown): ClusterError {
  const what = `${topicPartitionName(topic, partition)} does not take records`;
  const known = clusterErrorOf(what, cause);
  if (known instanceof ClusterError) return new ClusterError(known.code, known.message, { cause });
  return new ClusterError("WRITE_REFUSED", `${what}: ${known.message}`, { cause });
}

/** Messages here were made of bytes. */
function bytesOf(given: Message["key"]): Uint8Array | null {
  return given instanceof Uint8Array ? given : null;
}
