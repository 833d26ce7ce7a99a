import { invariant } from "@millrace/model";
import type { Logger, Timers } from "@millrace/platform";
import { type LogConfig, LogStorageError } from "@millrace/log";
import type { TopicImage } from "../metadata/topic-image.ts";
import type { Durability } from "./durability.ts";
import { type LogOfPartition, Partition } from "./partition.ts";

/** After which partitions that could not be made, such as for want of space, are tried again. */
const RETRY_MS = 500;

/** Opens, makes and removes the logs of partitions (`LogDirectory`, seen from here). */
export interface PartitionLogs {
  open(request: OpenLogRequest): Promise<LogOfPartition>;
  /** Closes the log and takes its files away. */
  remove(topic: string, partition: number): Promise<void>;
}

export interface OpenLogRequest {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly leaderEpoch: number;
  readonly config: Partial<LogConfig>;
}

export interface PartitionsOptions {
  readonly logs: PartitionLogs;
  readonly durability: Durability;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly leaderEpoch: number;
  readonly configOf: (topic: TopicImage) => Partial<LogConfig>;
  /** Whether a topic is there, by its id. */
  readonly isTopic: (topicId: string) => boolean;
}

/** The partitions that this broker has open, by topic. */
export class Partitions {
  readonly #options: PartitionsOptions;
  readonly #topics = new Map<string, (Partition | undefined)[]>();
  /** Making and removing a topic's files go one after the other: a name may be used again at once. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #failure: LogStorageError | undefined;
  #isClosed = false;

  constructor(options: PartitionsOptions) {
    this.#options = options;
  }

  /** Of all partitions: raised at every start, so that clients notice a tail that was lost (KIP-320). */
  get leaderEpoch(): number {
    return this.#options.leaderEpoch;
  }

  /** Undefined: it is not there, or not open yet. */
  find(topic: string, partition: number): Partition | undefined {
    return this.#topics.get(topic)?.[partition];
  }

  *all(): Generator<Partition> {
    for (const partitions of this.#topics.values())
      for (const partition of partitions) if (partition !== undefined) yield partition;
  }

  /**
   * Opens the partitions of a topic, making what is missing. What cannot be made now is made later: the metadata
   * say that it is there.
   */
  async openTopic(topic: TopicImage): Promise<void> {
    try {
      await this.#openAll(topic);
    } catch (error) {
      this.#openLater(topic);
      throw error;
    }
  }

  /** Opens one partition, making it if it is missing. */
  open(topic: TopicImage, partition: number): Promise<Partition> {
    return this.#inTurn(topic.name, () => this.#openOnce(topic, partition));
  }

  /** Closes a deleted topic's logs and takes their files away. */
  removeTopic(topic: TopicImage): Promise<void> {
    return this.#inTurn(topic.name, async () => {
      const partitions = this.#topics.get(topic.name) ?? [];
      this.#topics.delete(topic.name);
      for (const partition of partitions)
        partition?.fail(
          new LogStorageError("LOG_CLOSED", `${topic.name}-${partition.partition} was deleted`),
        );
      for (const partition of partitions) {
        if (partition === undefined) continue;
        await this.#options.logs.remove(topic.name, partition.partition);
      }
    });
  }

  updateConfig(topic: TopicImage): void {
    const config = this.#options.configOf(topic);
    for (const partition of this.#topics.get(topic.name) ?? []) partition?.updateConfig(config);
  }

  /** The device failed: nothing is written or read any more. */
  failAll(failure: LogStorageError): void {
    this.#failure = failure;
    for (const partition of this.all()) partition.fail(failure);
  }

  /** Closes all logs; the first failure is handed over once all were tried. Calling twice is fine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#turns.values());
    const partitions = [...this.all()];
    const results = await Promise.allSettled(partitions.map((partition) => partition.close()));
    for (const [index, result] of results.entries())
      if (result.status === "rejected")
        this.#options.logger.log("error", "broker.log.close.failed", {
          topic: partitions[index].topic,
          partition: partitions[index].partition,
          error: result.reason,
        });
  }

  #inTurn<Result>(topic: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(topic) ?? Promise.resolve();
    const turn = before.then(work);
    const settled = turn
      .catch(() => {})
      .finally(() => {
        if (this.#turns.get(topic) === settled) this.#turns.delete(topic);
      });
    this.#turns.set(topic, settled);
    return turn;
  }

  #openAll(topic: TopicImage): Promise<void> {
    return this.#inTurn(topic.name, async () => {
      for (let partition = 0; partition < topic.partitionCount; partition++)
        if (this.#options.isTopic(topic.topicId)) await this.#openOnce(topic, partition);
    });
  }

  #openLater(topic: TopicImage): void {
    const { timers, logger, isTopic } = this.#options;
    timers.after(RETRY_MS, () => {
      if (this.#isClosed || this.#failure !== undefined || !isTopic(topic.topicId)) return;
      this.#openAll(topic).catch((error: unknown) => {
        logger.log("warn", "broker.topic.incomplete", { topic: topic.name, error });
        this.#openLater(topic);
      });
    });
  }

  async #openOnce(topic: TopicImage, index: number): Promise<Partition> {
    invariant(index < topic.partitionCount, "BROKER-5", { topic: topic.name, index });
    const known = this.find(topic.name, index);
    if (known !== undefined) return known;
    if (this.#failure !== undefined) throw this.#failure;
    const log = await this.#options.logs.open({
      topic: topic.name,
      partition: index,
      topicId: topic.topicId,
      leaderEpoch: this.#options.leaderEpoch,
      config: this.#options.configOf(topic),
    });
    if (log.damage !== undefined)
      this.#options.logger.log("error", "broker.log.damaged", { ...log.damage });
    const partition = new Partition(log, topic.topicId, this.#options.durability);
    if (this.#failure !== undefined) partition.fail(this.#failure);
    let partitions = this.#topics.get(topic.name);
    if (partitions === undefined) this.#topics.set(topic.name, (partitions = []));
    partitions[index] = partition;
    return partition;
  }
}
