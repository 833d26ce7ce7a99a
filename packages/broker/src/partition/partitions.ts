import { BaseError, invariant, InvariantError, type TopicPartition } from "@millrace/model";
import type { Logger, Timer, Timers } from "@millrace/platform";
import { defaultLogConfig, type LogConfig, LogStorageError } from "@millrace/log";
import { isInternalTopic, type TopicImage } from "../metadata/topic-image.ts";
import type { Durability } from "./durability.ts";
import { isOfDevice } from "./is-of-device.ts";
import type { LogOfPartition } from "./log-of-partition.ts";
import { Partition } from "./partition.ts";
import { Slots } from "./slots.ts";

/** After which partitions that could not be made, such as for want of space, are tried again. */
const retryMs = 500;
/** Logs that are opened or closed at once: each has some files open for a while. */
const atOnceMax = 8;

/** Opens, makes and removes the logs of partitions (`LogDirectory`, seen from here). */
export interface PartitionLogs {
  /** @throws LogStorageError `LOG_MISSING`, FileSystemError, CheckpointError */
  open(request: OpenLogRequest): Promise<LogOfPartition>;
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
  readonly timers: Timers;
  readonly leaderEpoch: number;
  readonly configOf: (topic: TopicImage) => Partial<LogConfig>;
  /** Whether a topic is there, by its id. */
  readonly isTopic: (topicId: string) => boolean;
}

/**
 * The partitions that this broker has, by topic.
 *
 *     (not there) ──▶ open ──▶ failed, closed
 *         │  └──▶ unwritten (of the coordinators' topics) ──▶ open
 *         └──▶ offline: its folder is missing or cannot be used; told by an error, until the next start
 */
export class Partitions {
  readonly #options: PartitionsOptions;
  readonly #topics = new Map<string, (Partition | undefined)[]>();
  /** Making and removing a topic's files go one after the other: a name may be used again at once. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #slots = new Slots(atOnceMax);
  readonly #retries = new Set<Timer>();
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
   * Opens all partitions before anything is served. Those of the coordinators' topics are made when they are written;
   * until then they are there, and empty.
   *
   * @throws FileSystemError, LogStorageError of the device: it takes the broker to mend that
   */
  async openAtStart(topics: Iterable<TopicImage>): Promise<void> {
    const results = await Promise.allSettled(
      Array.from(topics, (topic) =>
        this.#openEach(topic, async (partition) => {
          const place = { topic: topic.name, partition };
          if (isInternalTopic(topic.name) && !this.#options.logs.isMade(place))
            this.#put(topic, this.#unwritten(topic, partition));
          else await this.#openOnce(topic, partition);
        }),
      ),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /**
   * Opens the partitions of topics, making what is missing. What cannot be made now is made later: the metadata say
   * that it is there. The first failure is handed over once all were tried.
   */
  async openTopics(topics: readonly TopicImage[]): Promise<void> {
    const results = await Promise.allSettled(topics.map((topic) => this.#openAll(topic)));
    for (const [index, result] of results.entries())
      if (result.status === "rejected") this.#openLater(topics[index]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** Opens one partition, making it if it is missing. */
  open(topic: TopicImage, partition: number): Promise<Partition> {
    return this.#inTurn(topic.name, () => this.#openOnce(topic, partition));
  }

  /**
   * Closes deleted topics' logs and takes their folders out of the way. The files go in the background; a topic of
   * the same name has to wait for that: `removed`.
   */
  removeTopics(topics: readonly TopicImage[]): Promise<void> {
    const before = topics.map(({ name }) => this.#turns.get(name));
    const detached = Promise.all(before).then(() => this.#detach(topics));
    const removed = detached.then(() => this.#options.logs.removed());
    for (const { name } of topics) void this.#inTurn(name, () => removed).catch(() => {});
    return detached;
  }

  /** Nothing is left any more, on the device too, of topics of these names that were deleted. */
  async removed(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#turns.get(name)));
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
    this.#isClosed = true;
    for (const retry of this.#retries) retry.cancel();
    await Promise.allSettled(this.#turns.values());
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
    return this.#inTurn(topic.name, () =>
      this.#openEach(topic, async (partition) => {
        if (this.#options.isTopic(topic.topicId)) await this.#openOnce(topic, partition);
      }),
    );
  }

  async #openEach(topic: TopicImage, open: (partition: number) => Promise<void>): Promise<void> {
    const opening: Promise<void>[] = [];
    for (let partition = 0; partition < topic.partitionCount; partition++)
      opening.push(this.#slots.run(() => open(partition)));
    const results = await Promise.allSettled(opening);
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  #openLater(topic: TopicImage): void {
    const { timers, logger, isTopic } = this.#options;
    if (this.#isClosed) return;
    const retry = timers.after(retryMs, () => {
      this.#retries.delete(retry);
      if (this.#isClosed || this.#failure !== undefined || !isTopic(topic.topicId)) return;
      this.#openAll(topic).catch((error: unknown) => {
        logger.log("warn", "broker.topic-incomplete", { topic: topic.name, error });
        this.#openLater(topic);
      });
    });
    this.#retries.add(retry);
  }

  async #openOnce(topic: TopicImage, index: number): Promise<Partition> {
    invariant(index < topic.partitionCount, "BROKER-5", { topic: topic.name, index });
    const known = this.find(topic.name, index);
    if (known !== undefined && (known.isMade || known.failure !== undefined)) return known;
    if (this.#failure !== undefined) throw this.#failure;
    let log: LogOfPartition;
    try {
      log = await this.#openLog(topic, index);
    } catch (error) {
      if (isOfDevice(error) || !(error instanceof BaseError) || error instanceof InvariantError)
        throw error;
      return this.takeOffline(topic, index, error);
    }
    if (log.damage !== undefined)
      this.#options.logger.log("error", "broker.log-damaged", { ...log.damage });
    if (known !== undefined) known.attach(log);
    const partition = known ?? new Partition(log, topic.topicId, this.#options.durability);
    if (this.#failure !== undefined) partition.fail(this.#failure);
    this.#put(topic, partition);
    return partition;
  }

  #openLog(topic: TopicImage, partition: number): Promise<LogOfPartition> {
    const { logs, leaderEpoch, configOf } = this.#options;
    const { name, topicId } = topic;
    return logs.open({ topic: name, partition, topicId, leaderEpoch, config: configOf(topic) });
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
    return Partition.unwritten(place, topic.topicId, durability);
  }

  #put(topic: TopicImage, partition: Partition): void {
    let partitions = this.#topics.get(topic.name);
    if (partitions === undefined) this.#topics.set(topic.name, (partitions = []));
    partitions[partition.partition] = partition;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
