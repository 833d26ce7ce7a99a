import type { PartitionWriter } from "@millrace/cluster";
import { topicPartitionName, type TopicPartition } from "@millrace/model";

import { PartitionOrigins, type OriginChunk } from "./partition-origins.ts";
import type { WriteOrigin } from "./write-source.ts";

/** Of all partitions together: 8 MiB, of several million appends, far more than a writer's buffer holds. */
const chunksMax = 8192;

/**
 * Remembers where what is on its way to the brokers came from, so that a record that is refused later is told by its
 * input. An append costs a byte or two.
 */
export class WriteOrigins {
  readonly #partitions = new Map<string, PartitionOrigins>();
  /** Those of all partitions, the oldest first. */
  #chunks: OriginChunk[] = [];
  #dividedCount = 0;

  of(writer: PartitionWriter): PartitionOrigins {
    const name = topicPartitionName(writer.topic, writer.partition);
    let origins = this.#partitions.get(name);
    if (origins === undefined) {
      origins = new PartitionOrigins((chunk) => this.#begun(chunk));
      this.#partitions.set(name, origins);
    }
    return origins;
  }

  /** Undefined: it was appended too long ago. */
  find({ topic, partition }: TopicPartition, appendIndex: number): WriteOrigin | undefined {
    return this.#partitions.get(topicPartitionName(topic, partition))?.find(appendIndex);
  }

  /** What was appended so far is settled by the commit that begins. */
  divide(): void {
    for (const origins of this.#partitions.values()) origins.divide();
    this.#dividedCount = this.#chunks.length;
  }

  /** That commit's appends are settled. */
  forgetDivided(): void {
    for (const origins of this.#partitions.values()) origins.forgetDivided();
    this.#chunks.splice(0, this.#dividedCount);
    this.#dividedCount = 0;
  }

  /** All that was appended is settled. */
  forget(): void {
    this.divide();
    this.forgetDivided();
  }

  #begun(chunk: OriginChunk): void {
    this.#chunks.push(chunk);
    if (this.#chunks.length <= chunksMax) return;
    this.#chunks.shift()?.owner.forgetOldest();
    this.#dividedCount = Math.max(0, this.#dividedCount - 1);
  }
}
