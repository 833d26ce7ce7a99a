import type { OffsetSpecification, OffsetOutOfRangeError } from "@millrace/cluster";
import {
  toMilliseconds,
  topicPartitionName,
  type Offset,
  type TopicPartition,
} from "@millrace/model";

import { ApplicationError } from "../error/application-error.ts";
import { offsetResetText, type OffsetReset } from "../topology/offset-reset.ts";
import { matches } from "../topology/topology-builder.ts";
import type { LoopEnvironment } from "./loop-environment.ts";

export type StartingPoint = TopicPartition & { readonly offset: Offset };

/**
 * Where inputs go on that have no offset to go on from: as their source says, else as the application does (Kafka:
 * `StreamThread.resetOffsets`).
 *
 * STREAMS-6: a repartition topic is read from its beginning: it holds nothing but what the application wrote.
 */
export class OffsetResets {
  readonly #environment: LoopEnvironment;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
  }

  /**
   * For partitions without a committed offset.
   *
   * @throws ApplicationError `NO_USABLE_OFFSET`
   */
  async firstOffsets(
    partitions: readonly TopicPartition[],
    signal: AbortSignal,
  ): Promise<readonly StartingPoint[]> {
    return this.#offsets(partitions, signal, (name) => `${name} has no committed offset`);
  }

  /**
   * For a partition whose log does not have what was to be read next. What is passed over is told.
   *
   * @throws ApplicationError `NO_USABLE_OFFSET`
   */
  async afterOutOfRange(error: OffsetOutOfRangeError, signal: AbortSignal): Promise<StartingPoint> {
    const { topic, partition, offset, startOffset, endOffset } = error;
    const range = `its log holds ${startOffset} to ${endOffset}`;
    const [found] = await this.#offsets(
      [{ topic, partition }],
      signal,
      (name) => `${name} has no offset ${offset} any more: ${range}`,
      error,
    );
    this.#environment.platform.logger.log("warn", "streams.offset-reset", {
      topic,
      partition,
      offset,
      startOffset,
      endOffset,
      policy: offsetResetText(this.#policyOf(topic)),
      goesOnAt: found.offset,
      skipped: Math.max(0, found.offset - offset),
      cause: error,
    });
    return found;
  }

  async #offsets(
    partitions: readonly TopicPartition[],
    signal: AbortSignal,
    reasonOf: (name: string) => string,
    cause?: unknown,
  ): Promise<readonly StartingPoint[]> {
    if (partitions.length === 0) return [];
    const wanted = partitions.map((one) => ({
      ...one,
      at: this.#specification(one, reasonOf, cause),
    }));
    const found = await this.#list(wanted, signal);
    const beyond = found.filter(({ offset }) => offset < 0);
    const ends = await this.#list(
      beyond.map(({ topic, partition }) => ({ topic, partition, at: "latest" as const })),
      signal,
    );
    return [...found.filter(({ offset }) => offset >= 0), ...ends];
  }

  async #list(
    wanted: readonly (TopicPartition & { readonly at: OffsetSpecification })[],
    signal: AbortSignal,
  ): Promise<readonly StartingPoint[]> {
    if (wanted.length === 0) return [];
    const { cluster, config } = this.#environment;
    const isolation = config.isExactlyOnce ? "read_committed" : "read_uncommitted";
    const offsets = await cluster.admin.listOffsets(wanted, { isolation, signal });
    return offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  #specification(
    { topic, partition }: TopicPartition,
    reasonOf: (name: string) => string,
    cause: unknown,
  ): OffsetSpecification {
    const policy = this.#policyOf(topic);
    if (policy === "none")
      throw new ApplicationError(
        "NO_USABLE_OFFSET",
        `${reasonOf(topicPartitionName(topic, partition))}, and the reset policy is "none". Commit an offset that is there for group ${this.#environment.config.applicationId}, or set autoOffsetReset, or the source's offsetReset, to "earliest" or "latest".`,
        { cause },
      );
    if (typeof policy === "string") return policy;
    const now = this.#environment.platform.clock.wallMs();
    return { timestamp: Math.max(0, now - toMilliseconds(policy.byDuration, "byDuration")) };
  }

  #policyOf(topic: string): OffsetReset {
    const { subtopologies, config } = this.#environment;
    const isOwn = subtopologies.some(({ repartitionTopics }) =>
      repartitionTopics.some(({ name }) => name === topic),
    );
    if (isOwn) return "earliest";
    for (const { nodes } of subtopologies) {
      for (const node of nodes) {
        if (node.kind !== "source") continue;
        const { topics, pattern, offsetReset } = node;
        if (topics.includes(topic) || (pattern !== undefined && matches(pattern, topic)))
          return offsetReset ?? config.autoOffsetReset;
      }
    }
    return config.autoOffsetReset;
  }
}
