import { ClusterError, OffsetOutOfRangeError, PartitionError } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import { listOffsets, type IsolationLevel } from "../admin/list-offsets.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import type { ConsumerSettings } from "./consumer-options.ts";

/** Where a partition is read on. */
export type Position = TopicPartition & { readonly offset: Offset };

/**
 * Where a consumer begins, and where it goes on when it cannot: by its reset policy, and the log says so.
 *
 * @throws ClusterError where the policy is `none`
 */
export class ConsumerPositions {
  readonly #context: ClientContext;
  readonly #lane: BrokerLane;
  readonly #policy: ConsumerSettings["autoOffsetReset"];
  readonly #isolation: IsolationLevel;

  constructor(context: ClientContext, options: ConsumerSettings) {
    this.#context = context;
    this.#lane = context.openLane();
    this.#policy = options.autoOffsetReset;
    this.#isolation = options.isolationLevel;
  }

  close(): void {
    this.#lane.close();
  }

  /** For partitions of which nothing is known. */
  async beginnings(
    partitions: readonly TopicPartition[],
    signal: AbortSignal,
  ): Promise<readonly Position[]> {
    if (partitions.length === 0) return [];
    const at = this.#policy;
    if (at === "none") {
      const names = partitions.map(({ topic, partition }) => topicPartitionName(topic, partition));
      throw new ClusterError(
        "OFFSET_OUT_OF_RANGE",
        `no offset is committed for ${names.join(", ")}; commit one, or set autoOffsetReset`,
      );
    }
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
    const isolation = this.#isolation;
    return listOffsets(this.#context, this.#lane, wanted, { isolation, signal });
  }

  /** After an error of a poll. Undefined: the partition is gone. Throws the error where nothing is to be done. */
  async after(error: unknown, signal: AbortSignal): Promise<Position | undefined> {
    if (!(error instanceof PartitionError)) throw error;
    if (error.code === "TOPIC_NOT_FOUND") return this.#gone(error, error);
    if (this.#policy === "none") throw error;
    if (error instanceof OffsetOutOfRangeError) return this.#reset(error, this.#policy);
    if (error.code !== "TOPIC_RECREATED") throw error;
    const { topic, partition } = error;
    try {
      const [found] = await this.beginnings([error], signal);
      const { logger } = this.#context.platform;
      logger.log("warn", "client.topic-recreated", { topic, partition, to: found.offset });
      return found;
    } catch (failure) {
      // The new topic may have fewer partitions.
      if (failure instanceof ClusterError && failure.code === "TOPIC_NOT_FOUND")
        return this.#gone(error, failure);
      throw failure;
    }
  }

  #gone({ topic, partition }: TopicPartition, cause: Error): undefined {
    const { logger } = this.#context.platform;
    logger.log("warn", "client.partition-gone", { topic, partition, cause: cause.message });
  }

  /** Where the histories part all that was read before still holds (Kafka: `seekValidated`). */
  #reset(error: OffsetOutOfRangeError, policy: "earliest" | "latest"): Position {
    const { topic, partition, offset, startOffset, endOffset, divergentOffset } = error;
    const byPolicy = policy === "earliest" ? startOffset : endOffset;
    const to = divergentOffset === undefined ? byPolicy : Math.max(startOffset, divergentOffset);
    this.#context.platform.logger.log("warn", "client.offset-reset", {
      topic,
      partition,
      offset,
      to,
      skipped: Math.max(0, to - offset),
      cause: error.message,
    });
    return { topic, partition, offset: to };
  }
}
