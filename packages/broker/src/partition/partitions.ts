import {
  BaseError,
  invariant,
  InvariantError,
  messageOf,
  type TopicPartition,
} from "@millrace/model";
import type { Logger } from "@millrace/platform";
import { defaultLogConfig, type LogConfig, LogStorageError } from "@millrace/log";
import type { TopicImage } from "../metadata/topic-image.ts";
import type { Durability } from "./durability.ts";
import { isOfDevice } from "./is-of-device.ts";
import type { LogOfPartition } from "./log-of-partition.ts";
import { Partition } from "./partition.ts";
import { Slots } from "./slots.ts";

/** Logs that are opened or closed at once: each has some files open for a while. */
const atOnceMax = 8;

/** Opens, makes and removes the logs of partitions (`LogDirectory`, seen from here). */
export interface PartitionLogs {
  /**
   * Undefined: there is none (any more).
   *
   * @throws LogStorageError `LOG_MISSING`, FileSystemError, CheckpointError
   */
  open(request: OpenLogRequest): Promise<LogOfPartition | undefined>;
  /** Makes the log of a partition that `isMade` denies. @throws FileSystemError */
  create(request: OpenLogRequest): LogOfPartition;
  /** Whether there is anything of the partition: a folder, or the knowledge that it had records. */
  isMade(partition: TopicPartition): boolean;
  /** Closes logs and takes their folders out of the way. */
  remove(partitions: readonly TopicPartition[]): Promise<void>;
  /** All that was removed is so durably. */
  removed(): Promise<void>;
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
  readonly leaderEpoch: number;
  readonly configOf: (topic: TopicImage) => Partial<LogConfig>;
  /** The topic as it is now. */
  readonly topicOf: (name: string) => TopicImage | undefined;
}

/**
 * The partitions that this broker has, by topic.
 *
 *     unwritten: no folder, reads as empty ──first write──▶ open ──▶ failed, closed
 *         └──▶ offline: its folder is missing or cannot be used; told by an error, until the next start
 */
export class Partitions {
  readonly #options: PartitionsOptions;
  readonly #topics = new Map<string, (Partition | undefined)[]>();
  /** Names of topics that are being removed: who makes one of the same name waits for that. */
  readonly #removals = new Map<string, Promise<unknown>>();
  readonly #slots = new Slots(atOnceMax);
  #failure: LogStorageError | undefined;

  constructor(options: PartitionsOptions) {
    this.#options = options;
  }

  /** Of all partitions: raised at every start, so that clients notice a tail that was lost (KIP-320). */
  get leaderEpoch(): number {
    return this.#options.leaderEpoch;
  }

  /** What has failed for all of them. */
  get failure(): LogStorageError | undefined {
    return this.#failure;
  }

  /** Undefined: it is not there. */
  find(topic: string, partition: number): Partition | undefined {
    return this.#topics.get(topic)?.[partition];
  }

  *all(): Generator<Partition> {
    for (const partitions of this.#topics.values())
      for (const partition of partitions) if (partition !== undefined) yield partition;
  }

  /**
   * Opens what is there before anything is served, and gives way before each; what that throws ends it.
   *
   * @throws FileSystemError, LogStorageError of the device: it takes the broker to mend that
   */
  async openAtStart(topics: Iterable<TopicImage>, giveWay: () => Promise<void>): Promise<void> {
    const opening: Promise<void>[] = [];
    for (const topic of topics) {
      this.add(topic);
      for (let partition = 0; partition < topic.partitionCount; partition++)
        if (this.#options.logs.isMade({ topic: topic.name, partition }))
          opening.push(
            this.#slots.run(async () => {
              await giveWay();
              await this.#openOrTell(topic, partition);
            }),
          );
    }
    const results = await Promise.allSettled(opening);
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** Told at once: others may take long to open, and what the start ends with is the error of one of them. */
  async #openOrTell(topic: TopicImage, partition: number): Promise<void> {
    try {
      await this.#open(topic, partition);
    } catch (error) {
      const fields = { topic: topic.name, partition, error };
      this.#options.logger.log("error", "broker.partition-not-opened", fields);
      throw error;
    }
  }

  /** A topic is new, or has more partitions than before: those are there at once, and get a log when they are written. */
  add(topic: TopicImage): void {
    for (let partition = 0; partition < topic.partitionCount; partition++)
      if (this.find(topic.name, partition) === undefined)
        this.#put(topic, this.#unwritten(topic, partition));
  }

  /**
   * Closes deleted topics' logs and takes their folders out of the way. The files go in the background; a topic of
   * the same name has to wait for that: `removed`.
   */
  removeTopics(topics: readonly TopicImage[]): Promise<void> {
    const detached = this.#detach(topics);
    const removed = detached.then(() => this.#options.logs.removed()).catch(() => {});
    for (const { name } of topics) {
      const removal = removed.finally(() => {
        if (this.#removals.get(name) === removal) this.#removals.delete(name);
      });
      this.#removals.set(name, removal);
    }
    return detached;
  }

  /** Nothing is left any more, on the device too, of topics of these names that were deleted. */
  async removed(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#removals.get(name)));
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

  /** What is stored for a partition cannot be used: it serves nothing, and all others go on. */
  takeOffline(topic: TopicImage, index: number, error: unknown): Partition {
    const name = `${topic.name}-${index}`;
    const failure =
      error instanceof LogStorageError
        ? error
        : new LogStorageError("LOG_UNUSABLE", `${name} is offline: ${messageOf(error)}`, error);
    this.#options.logger.log("error", "broker.partition-offline", {
      topic: topic.name,
      partition: index,
      error: failure,
    });
    const partition = this.find(topic.name, index) ?? this.#unwritten(topic, index);
    this.#put(topic, partition);
    partition.fail(failure);
    return partition;
  }

  /** Closes all logs; a failure is told. Calling twice is fine. */
  async close(): Promise<void> {
    await Promise.all(this.#removals.values());
    const partitions = [...this.all()];
    const results = await Promise.allSettled(
      partitions.map((partition) => this.#slots.run(() => partition.close())),
    );
    for (const [index, result] of results.entries())
      if (result.status === "rejected")
        this.#options.logger.log("error", "broker.log-close-failed", {
          topic: partitions[index].topic,
          partition: partitions[index].partition,
          error: result.reason,
        });
  }

  async #open(topic: TopicImage, index: number): Promise<void> {
    try {
      const log = await this.#options.logs.open(this.#requestOf(topic, index));
      if (log === undefined) return;
      if (log.damage !== undefined)
        this.#options.logger.log("error", "broker.log-damaged", { ...log.damage });
      const partition = Partition.of(log, topic.topicId, this.#options.durability);
      if (this.#failure !== undefined) partition.fail(this.#failure);
      this.#put(topic, partition);
    } catch (error) {
      this.#judge(topic, index, error);
    }
  }

  /**
   * Makes the log of a partition that is written for the first time.
   *
   * @throws LogStorageError
   */
  #create(topic: TopicImage, index: number): LogOfPartition {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#options.logs.create(this.#requestOf(topic, index));
    } catch (error) {
      if (isOfDevice(error) && !(error instanceof LogStorageError))
        throw new LogStorageError(
          "WRITE_FAILED",
          `${topic.name}-${index} cannot be made: ${messageOf(error)}`,
          error,
        );
      throw this.#judge(topic, index, error).failure;
    }
  }

  /** What concerns one partition alone takes that one offline; all else is thrown. */
  #judge(topic: TopicImage, index: number, error: unknown): Partition {
    const isOfPartition =
      error instanceof BaseError && !(error instanceof InvariantError) && !isOfDevice(error);
    if (!isOfPartition) throw error;
    return this.takeOffline(topic, index, error);
  }

  #requestOf(topic: TopicImage, partition: number): OpenLogRequest {
    invariant(partition < topic.partitionCount, "BROKER-5", { topic: topic.name, partition });
    const { leaderEpoch, configOf } = this.#options;
    const { name, topicId } = topic;
    return { topic: name, partition, topicId, leaderEpoch, config: configOf(topic) };
  }

  async #detach(topics: readonly TopicImage[]): Promise<void> {
    const places: TopicPartition[] = [];
    for (const topic of topics) {
      const partitions = this.#topics.get(topic.name) ?? [];
      this.#topics.delete(topic.name);
      for (const partition of partitions)
        partition?.fail(
          new LogStorageError("LOG_CLOSED", `${topic.name}-${partition.partition} was deleted`),
        );
      for (let partition = 0; partition < topic.partitionCount; partition++)
        places.push({ topic: topic.name, partition });
    }
    await this.#options.logs.remove(places);
  }

  #unwritten(topic: TopicImage, partition: number): Partition {
    const { leaderEpoch, durability, configOf } = this.#options;
    const config = { ...defaultLogConfig, ...configOf(topic) };
    const place = { topic: topic.name, partition, leaderEpoch, config };
    const make = () => this.#create(this.#options.topicOf(topic.name) ?? topic, partition);
    return Partition.unwritten(place, topic.topicId, { durability, make });
  }

  #put(topic: TopicImage, partition: Partition): void {
    let partitions = this.#topics.get(topic.name);
    if (partitions === undefined) this.#topics.set(topic.name, (partitions = []));
    partitions[partition.partition] = partition;
  }
}
