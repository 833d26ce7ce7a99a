import { ClusterError } from "@millrace/cluster";
import { topicPartitionName, type TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { BrokerLane } from "./connection/broker-lane.ts";
import { closedError } from "./connection/reconnecting-link.ts";
import { requestMetrics } from "./connection/request-metrics.ts";
import { retrying, type RetryOptions } from "./connection/retrying.ts";
import type { ClientOptions } from "./connect-options.ts";
import { connectionSecurity } from "./security/connection-security.ts";
import { ClusterMetadata, topicNotFound } from "./metadata/cluster-metadata.ts";
import { Coordinators } from "./metadata/coordinators.ts";
import type { TopicMetadata } from "./metadata/topic-metadata.ts";

/** Answers beyond it close the connection: a fetch brings 50 MiB, or one batch that is larger. */
const responseBytesMax = 128 * 1024 * 1024;
/** How long a topic may be unknown to the broker that was asked, after its making, before it counts as missing. */
const topicGraceMs = 1000;

/** What the parts of one client share. */
export class ClientContext {
  readonly platform: Platform;
  readonly options: ClientOptions;
  readonly metadata: ClusterMetadata;
  readonly coordinators: Coordinators;
  readonly #closing = new AbortController();
  #hasToldOfWaiting = false;

  constructor(platform: Platform, options: ClientOptions) {
    this.platform = platform;
    this.options = options;
    const { clientId } = options;
    this.metadata = new ClusterMetadata(platform, options, {
      platform,
      metrics: requestMetrics(platform, clientId),
      link: {
        platform,
        responseBytesMax,
        security: connectionSecurity(platform, options),
        ...options,
      },
    });
    this.coordinators = new Coordinators(this.metadata);
  }

  /** Aborts when the client is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  openLane(): BrokerLane {
    return this.metadata.openLane();
  }

  /** Repeats an attempt, which is told how long is left, within the client's time and pauses. */
  retry<T>(
    what: string,
    { signal, timeoutMs, onRetry }: RetryLimits,
    attempt: (leftMs: number) => Promise<T>,
  ): Promise<T> {
    const { apiTimeoutMs, bootstrapTimeoutMs, retryBackoffMs, retryBackoffMsMax } = this.options;
    const limitMs = timeoutMs ?? apiTimeoutMs;
    const options: RetryOptions = {
      platform: this.platform,
      what,
      timeoutMs: () =>
        this.metadata.hasAnswered ? limitMs : Math.min(limitMs, bootstrapTimeoutMs),
      backoffMs: retryBackoffMs,
      backoffMsMax: retryBackoffMsMax,
      onRetry: (error) => {
        this.#tellOfWaiting(error);
        onRetry?.(error);
      },
      signal,
    };
    return retrying(options, attempt);
  }

  /** Before a first broker has answered, nothing else shows what a program waits for. */
  #tellOfWaiting(error: unknown): void {
    if (this.#hasToldOfWaiting || this.metadata.hasAnswered) return;
    this.#hasToldOfWaiting = true;
    this.platform.logger.log("warn", "client.no-broker-yet", {
      cause: String(error),
      advice: `it is tried again for ${this.options.bootstrapTimeoutMs / 1000} s`,
    });
  }

  /** Knows the topics once it resolves. Rejects with `TOPIC_NOT_FOUND` for one that is not there. */
  async knowTopics(
    topics: readonly string[],
    limits: RetryLimits = {},
  ): Promise<readonly TopicMetadata[]> {
    const { metadata, platform } = this;
    metadata.track(topics);
    const startMs = platform.clock.monotonicMs();
    for (let waitMs = 50; ; waitMs *= 2) {
      const missing = topics.find((topic) => metadata.topic(topic) === undefined);
      if (missing === undefined) return topics.flatMap((topic) => metadata.topic(topic) ?? []);
      await this.retry("metadata", limits, () => metadata.refresh(topics));
      const error = metadata.topicError(missing);
      if (metadata.topic(missing) !== undefined) continue;
      const isLate = platform.clock.monotonicMs() - startMs + waitMs > topicGraceMs;
      if (isLate || (error !== undefined && !error.retriable)) throw topicNotFound(missing, error);
      await platform.timers.sleep(waitMs, limits.signal);
    }
  }

  /** The same of partitions, which may have been added since the topic was asked for last. */
  async knowPartitions(
    partitions: readonly TopicPartition[],
    limits: RetryLimits = {},
  ): Promise<void> {
    const { metadata } = this;
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const findMissing = (): TopicPartition | undefined =>
      partitions.find(
        ({ topic, partition }) => partition >= (metadata.topic(topic)?.partitions.length ?? 0),
      );
    await this.knowTopics(topics, limits);
    if (findMissing() === undefined) return;
    await this.retry("metadata", limits, () => metadata.refresh(topics));
    const missing = findMissing();
    if (missing === undefined) return;
    const { topic, partition } = missing;
    const known = metadata.topic(topic);
    if (known === undefined) throw topicNotFound(topic, metadata.topicError(topic));
    const name = topicPartitionName(topic, partition);
    throw new ClusterError(
      "TOPIC_NOT_FOUND",
      `there is no partition ${name}: the topic has ${known.partitions.length}; add partitions, or correct the number`,
    );
  }

  /** Knows all topics that there are, now and with each refresh to come. */
  async knowAllTopics(signal?: AbortSignal): Promise<void> {
    this.metadata.trackAll();
    await this.retry("metadata", { signal }, () => this.metadata.refresh());
  }

  async close(): Promise<void> {
    this.#closing.abort(closedError());
    this.coordinators.close();
    await this.metadata.close();
  }
}

export interface RetryLimits {
  readonly signal?: AbortSignal;
  /** Default: the client's `apiTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly onRetry?: (error: unknown) => void;
}
