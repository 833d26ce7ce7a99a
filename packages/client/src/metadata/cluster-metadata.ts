import { ClusterError } from "@millrace/cluster";
import type { NetworkAddress, Platform, Timer } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import type { MetadataResponse } from "@millrace/protocol/definitions";
import { BackgroundWork } from "../connection/background-work.ts";
import { Backoff } from "../connection/backoff.ts";
import { BrokerLane, type LaneOptions } from "../connection/broker-lane.ts";
import { topicErrorOf } from "../connection/cluster-error-of.ts";
import { closedError } from "../connection/reconnecting-link.ts";
import type { ClientOptions } from "../connect-options.ts";
import { AnyBroker } from "./any-broker.ts";
import { topicMetadataOf, type TopicMetadata } from "./topic-metadata.ts";
import { TopicsInUse } from "./topics-in-use.ts";

/** How soon topics that are not there are asked for again; the pause doubles up to the maximum. */
const missingRefreshMs = 1000;
const missingRefreshMsMax = 10_000;

/** What a change of the metadata means to the parts of the client. */
export type MetadataListener = () => void;

/**
 * What the client knows of the cluster: brokers, topics, leaders. It asks anew when somebody has found it stale, and
 * from time to time.
 */
export class ClusterMetadata {
  readonly #platform: Platform;
  readonly #options: ClientOptions;
  readonly #laneOptions: Omit<LaneOptions, "addressOf">;
  readonly #lane: BrokerLane;
  readonly #anyBroker: AnyBroker;
  readonly #brokers = new Map<number, NetworkAddress>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #topicErrors = new Map<string, KafkaError>();
  readonly #tracked: TopicsInUse;
  readonly #listeners = new Set<MetadataListener>();
  readonly #closing = new AbortController();
  #clusterId: string | undefined;
  #controllerId = -1;
  #refreshTimer: Timer | undefined;
  #missingPauseMs = missingRefreshMs;
  #isRefreshing = false;
  readonly #background = new BackgroundWork();
  #isStale = false;
  #tracksAll = false;

  constructor(platform: Platform, options: ClientOptions, lane: Omit<LaneOptions, "addressOf">) {
    this.#platform = platform;
    this.#options = options;
    this.#tracked = new TopicsInUse(platform.clock);
    this.#laneOptions = lane;
    this.#lane = this.openLane();
    this.#anyBroker = new AnyBroker({
      random: platform.random,
      bootstrap: options.bootstrap,
      brokers: this.#brokers,
      lane: this.#lane,
      laneOptions: lane,
      closing: this.#closing.signal,
    });
  }

  /** True once any broker has answered. */
  get hasAnswered(): boolean {
    return this.#anyBroker.hasAnswered;
  }

  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  /** -1: unknown. */
  get controllerId(): number {
    return this.#controllerId;
  }

  get brokers(): ReadonlyMap<number, NetworkAddress> {
    return this.#brokers;
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  /** Why the cluster tells nothing of a topic that it was asked for last. */
  topicError(name: string): KafkaError | undefined {
    return this.#topicErrors.get(name);
  }

  /** The broker that leads a partition; undefined: unknown, or none at the moment. */
  leaderId(topic: string, partition: number): number | undefined {
    const leaderId = this.#topics.get(topic)?.partitions[partition]?.leaderId ?? -1;
    return leaderId >= 0 && this.#brokers.has(leaderId) ? leaderId : undefined;
  }

  leaderEpoch(topic: string, partition: number): number {
    return this.#topics.get(topic)?.partitions[partition]?.leaderEpoch ?? -1;
  }

  /** Why a partition has no leader, where the cluster told. */
  partitionError(topic: string, partition: number): KafkaError | undefined {
    return this.#topics.get(topic)?.partitions[partition]?.error;
  }

  /** Connections for one use. */
  openLane(): BrokerLane {
    return new BrokerLane({
      ...this.#laneOptions,
      addressOf: (nodeId) => this.#brokers.get(nodeId),
    });
  }

  /** Calls back after each refresh, until the function that it gives is called. */
  onChange(listener: MetadataListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Keeps topics in all refreshes until they have been idle for some minutes: who needs them for longer says so
   * again with each change.
   *
   * @throws ClusterError `INVALID_TOPIC`: what is no text would make every refresh fail
   */
  track(topics: Iterable<string>): void {
    this.#tracked.use(topics);
  }

  /** Asks for all topics that there are in all refreshes from now on. */
  trackAll(): void {
    this.#tracksAll = true;
  }

  /** Asks for a refresh in the background: repeated until it succeeds. */
  requestRefresh(): void {
    this.#isStale = true;
    if (this.#closing.signal.aborted) return;
    if (!this.#isRefreshing) this.#background.begin(this.#refreshInBackground());
  }

  /** Asks once, for the tracked topics and more. Rejects if no broker answers. */
  async refresh(more: Iterable<string> = []): Promise<void> {
    const names = [...new Set([...this.#tracked.names, ...more])];
    const answer = await this.ask(this.#tracksAll ? null : names);
    this.#take(answer, names);
  }

  /** All topics of the cluster, without remembering them. */
  async ask(topics: readonly string[] | null): Promise<MetadataResponse> {
    const answer = await this.#anyBroker.ask(topics);
    this.#takeBrokers(answer);
    return answer;
  }

  /** Takes a broker that another answer has named. */
  learnBroker(nodeId: number, address: NetworkAddress): void {
    if (nodeId >= 0 && address.host !== "") this.#brokers.set(nodeId, address);
  }

  /** Takes a leader that a broker named when it refused (KIP-951). True: it was news. */
  learnLeader(
    { topic, partition }: { readonly topic: string; readonly partition: number },
    { leaderId, leaderEpoch }: { readonly leaderId: number; readonly leaderEpoch: number },
  ): boolean {
    const known = this.#topics.get(topic);
    const before = known?.partitions[partition];
    if (known === undefined || before === undefined) return false;
    if (leaderId < 0 || leaderEpoch <= before.leaderEpoch || !this.#brokers.has(leaderId))
      return false;
    const partitions = known.partitions.with(partition, { leaderId, leaderEpoch });
    this.#topics.set(topic, { ...known, partitions });
    this.#notify();
    return true;
  }

  /** Twice is fine. */
  async close(): Promise<void> {
    this.#closing.abort(closedError());
    this.#refreshTimer?.cancel();
    this.#lane.close();
    this.#anyBroker.close();
    this.#listeners.clear();
    await this.#background.ended();
  }

  /** Never rejects; ends with the client. */
  async #refreshInBackground(): Promise<void> {
    const { timers, random, logger } = this.#platform;
    const { retryBackoffMs, retryBackoffMsMax } = this.#options;
    const backoff = new Backoff(random, { firstMs: retryBackoffMs, maxMs: retryBackoffMsMax });
    const closing = this.#closing.signal;
    this.#isRefreshing = true;
    let isTold = false;
    while (this.#isStale && !closing.aborted) {
      this.#isStale = false;
      try {
        await this.refresh();
        isTold = false;
        // One refresh answers all requests of a moment: the next one waits a little.
        if (this.#isStale) await timers.sleep(backoff.next(), closing).catch(() => {});
      } catch (error) {
        if (closing.aborted) break;
        this.#isStale = true;
        // Once for all attempts until one succeeds: a broker that is away would fill the log.
        if (!isTold) logger.log("warn", "client.metadata-refresh-failed", { cause: String(error) });
        isTold = true;
        await timers.sleep(backoff.next(), closing).catch(() => {});
      }
    }
    this.#isRefreshing = false;
  }

  /** What is known grows old by itself: partitions are added, and topics made, without anybody telling. */
  #scheduleRefresh(): void {
    this.#refreshTimer?.cancel();
    if (this.#closing.signal.aborted) return;
    const ageMsMax = this.#options.metadataAgeMsMax;
    let pauseMs = ageMsMax;
    if ([...this.#tracked.names].some((topic) => !this.#topics.has(topic))) {
      pauseMs = Math.min(this.#missingPauseMs, ageMsMax);
      this.#missingPauseMs = Math.min(2 * this.#missingPauseMs, missingRefreshMsMax);
    } else this.#missingPauseMs = missingRefreshMs;
    this.#refreshTimer = this.#platform.timers.after(pauseMs, () => this.requestRefresh());
  }

  #takeBrokers(answer: MetadataResponse): void {
    this.#clusterId = answer.clusterId ?? undefined;
    this.#controllerId = answer.controllerId;
    if (answer.brokers.length === 0) return;
    this.#brokers.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port });
  }

  #take(answer: MetadataResponse, asked: readonly string[]): void {
    if (this.#tracksAll) this.#forgetMissing(answer, asked);
    for (const name of asked) this.#topicErrors.delete(name);
    for (const topic of answer.topics) {
      if (topic.name === null) continue;
      if (topic.errorCode === 0) {
        this.#topics.set(topic.name, topicMetadataOf(topic, this.#topics.get(topic.name)));
        continue;
      }
      const error = KafkaError.of(topic.errorCode);
      this.#topicErrors.set(topic.name, error);
      if (error.code === "UNKNOWN_TOPIC_OR_PARTITION") this.#topics.delete(topic.name);
    }
    this.#notify();
    this.#forgetIdle();
    this.#scheduleRefresh();
  }

  /** After all parts could say what they use. */
  #forgetIdle(): void {
    for (const name of this.#tracked.takeIdle()) {
      this.#topicErrors.delete(name);
      if (!this.#tracksAll) this.#topics.delete(name);
    }
  }

  /** An answer about all topics leaves out those that are not there. */
  #forgetMissing({ topics }: MetadataResponse, asked: readonly string[]): void {
    const present = new Set(topics.map(({ name }) => name));
    for (const name of [...asked, ...this.#topics.keys()])
      if (!present.has(name)) this.#topics.delete(name);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What to tell of a topic that is not there. */
export function topicNotFound(topic: string, error: KafkaError | undefined): Error {
  if (error !== undefined && error.code !== "UNKNOWN_TOPIC_OR_PARTITION")
    return topicErrorOf(topic, error);
  return new ClusterError(
    "TOPIC_NOT_FOUND",
    `there is no topic ${topic}; create it, or correct its name`,
    { cause: error },
  );
}
