import type { OffsetAndMetadata, PartitionError, TopicDescription } from "@millrace/cluster";
import { topicPartitionName } from "@millrace/model";

import { ApplicationError } from "../error/application-error.ts";
import { decodePartitionMetadata } from "../task/partition-metadata.ts";
import { topicMarks, topicsUnlike } from "../task/topic-marks.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import { internalTopicLost, sourceTopicRecreated } from "./topic-losses.ts";
import { topicUsers } from "./topic-users.ts";

/** Brokers may learn of a topic a moment after it was made. */
const waitMsMax = 2000;
const lookIntervalMs = 200;

/**
 * Looks whether the topics are there that the application reads and writes and does not make itself, all at once,
 * and whether its inputs and internal topics are still those that it has used.
 *
 * What it has used is told by this process, by its state directory, and by what was committed beside the offsets.
 */
export class ApplicationTopics {
  readonly #environment: LoopEnvironment;
  readonly #users: ReadonlyMap<string, readonly string[]>;
  readonly #inputs: ReadonlySet<string>;
  /** Repartition topics and changelogs: the leader of the group makes those that are not there. */
  readonly #internal: ReadonlySet<string>;
  #ids: ReadonlyMap<string, string>;
  #present: ReadonlySet<string> = new Set();

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    const { subtopologies, config, topicIds } = environment;
    this.#users = topicUsers(subtopologies, config.errors.deadLetterTopic);
    this.#inputs = new Set(
      subtopologies.flatMap(({ sourceTopics }) =>
        sourceTopics.filter((one) => this.#users.has(one)),
      ),
    );
    this.#internal = new Set(subtopologies.flatMap(internalTopics));
    this.#ids = topicIds?.read() ?? new Map();
  }

  /** The topics that were there when it looked last. */
  get present(): ReadonlySet<string> {
    return this.#present;
  }

  /**
   * Takes note of the topics that are there now.
   *
   * @throws ApplicationError `MISSING_SOURCE_TOPIC`, `MISSING_SINK_TOPIC`, `SOURCE_TOPIC_RECREATED`,
   *   `INTERNAL_TOPIC_LOST`
   */
  async check(signal: AbortSignal): Promise<void> {
    const present = await this.#require([...this.#users.keys(), ...this.#internal], signal);
    const { patterns, cluster } = this.#environment;
    await patterns.look(cluster.admin, signal);
    this.#compareIds(patterns.present);
    await this.#keepIds(new Map([...present, ...patterns.present]));
  }

  /**
   * Looks again at inputs, internal topics and what patterns match. Those that are there are described.
   *
   * @throws ApplicationError as `check` does
   */
  async look(signal: AbortSignal): Promise<ReadonlyMap<string, TopicDescription>> {
    const { patterns, cluster } = this.#environment;
    const present = await this.#require([...this.#inputs, ...this.#internal], signal);
    if (patterns.areNone) return present;
    await patterns.look(cluster.admin, signal);
    this.#compareIds(patterns.present);
    return new Map([...present, ...patterns.present]);
  }

  /** What a task of the sub-topology commits, so that `requireUsed` knows. */
  marksOf(subtopology: Subtopology): ReadonlyMap<string, number> {
    return topicMarks(this.#environment.config.applicationId, this.#idsOf(subtopology));
  }

  /**
   * @param committed of inputs of the sub-topology
   * @throws ApplicationError `INTERNAL_TOPIC_LOST`: what was processed went to other topics of the same names
   */
  requireUsed(subtopology: Subtopology, committed: readonly OffsetAndMetadata[]): void {
    const { applicationId } = this.#environment.config;
    const ids = this.#idsOf(subtopology);
    for (const { offset, metadata } of committed) {
      if (offset === 0) continue; // nothing was processed
      const { processorMetadata } = decodePartitionMetadata(metadata);
      const unlike = topicsUnlike(processorMetadata, applicationId, ids);
      if (unlike.length > 0)
        throw internalTopicLost(unlike, "deleted, or made anew,", this.#environment);
    }
  }

  /** What it means that a topic cannot be read any more. */
  readFailure(error: PartitionError): unknown {
    const { topic, partition, code } = error;
    const isAnew = code === "TOPIC_RECREATED";
    if (!isAnew && code !== "TOPIC_NOT_FOUND") return error;
    if (this.#internal.has(topic))
      return internalTopicLost([topic], isAnew ? "made anew" : "deleted", this.#environment, error);
    if (isAnew) return sourceTopicRecreated(topic, this.#environment, error);
    return new ApplicationError(
      "MISSING_SOURCE_TOPIC",
      `the input ${topicPartitionName(topic, partition)} is not there any more: its topic was deleted while the application read it.`,
      { cause: error },
    );
  }

  async #require(
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicDescription>> {
    const { cluster, platform } = this.#environment;
    const startMs = platform.clock.monotonicMs();
    let isTold = false;
    for (;;) {
      const present = await cluster.admin.describeTopics(topics, signal);
      this.#present = new Set(present.keys());
      this.#compareIds(present);
      const missing = topics.filter((topic) => this.#isNeeded(topic) && !present.has(topic));
      if (missing.length === 0) return present;
      const waitedMs = platform.clock.monotonicMs() - startMs;
      if (waitedMs >= waitMsMax) throw this.#missing(missing);
      if (!isTold) platform.logger.log("warn", "streams.topics-missing", { topics: missing });
      isTold = true;
      await platform.timers.sleep(lookIntervalMs, signal);
    }
  }

  /** Internal topics are once they have been used. */
  #isNeeded(topic: string): boolean {
    return !this.#internal.has(topic) || this.#ids.has(topic);
  }

  #compareIds(present: ReadonlyMap<string, TopicDescription>): void {
    for (const [topic, before] of this.#ids) {
      const topicId = present.get(topic)?.topicId;
      if (topicId === undefined || topicId === before) continue;
      throw this.#internal.has(topic)
        ? internalTopicLost([topic], "made anew", this.#environment)
        : sourceTopicRecreated(topic, this.#environment);
    }
  }

  async #keepIds(present: ReadonlyMap<string, TopicDescription>): Promise<void> {
    const ids = new Map<string, string>();
    const matched = this.#environment.patterns.present.keys();
    for (const topic of [...this.#inputs, ...this.#internal, ...matched]) {
      const topicId = present.get(topic)?.topicId;
      if (topicId !== undefined) ids.set(topic, topicId);
    }
    const isKnown = [...ids].every(([topic, id]) => this.#ids.get(topic) === id);
    if (isKnown && ids.size === this.#ids.size) return;
    this.#ids = ids;
    await this.#environment.topicIds?.write(ids);
  }

  /** Of the internal topics that the sub-topology writes. */
  #idsOf({ sinkTopics, changelogTopics }: Subtopology): ReadonlyMap<string, string> {
    const written = new Set([...sinkTopics, ...changelogTopics.map(({ name }) => name)]);
    return new Map(
      [...this.#ids].filter(([topic]) => written.has(topic) && this.#internal.has(topic)),
    );
  }

  #missing(topics: readonly string[]): ApplicationError {
    const foreign = topics.filter((topic) => this.#users.has(topic));
    if (foreign.length === 0) return internalTopicLost(topics, "deleted", this.#environment);
    const list = foreign.map((topic) => `${topic} (${this.#users.get(topic)?.join(", ")})`);
    const isSource = foreign.some((topic) => this.#inputs.has(topic));
    return new ApplicationError(
      isSource ? "MISSING_SOURCE_TOPIC" : "MISSING_SINK_TOPIC",
      `the cluster has no topic ${list.join(", no topic ")}. Create what the application reads and writes before it starts.`,
    );
  }
}

/** Topics that the application makes for itself. */
function internalTopics({ repartitionTopics, changelogTopics }: Subtopology): readonly string[] {
  const own = changelogTopics.filter(({ isSourceTopic }) => !isSourceTopic);
  return [...repartitionTopics, ...own].map(({ name }) => name);
}
