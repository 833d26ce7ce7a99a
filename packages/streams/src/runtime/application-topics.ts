import type { TopicDescription } from "@millrace/cluster";

import { ApplicationError } from "../error/application-error.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { LoopEnvironment } from "./loop-environment.ts";

/** Brokers may learn of a topic a moment after it was made. */
const waitMsMax = 2000;
const lookIntervalMs = 200;

/**
 * Looks whether the topics are there that the application reads and writes and does not make itself, all at once,
 * and whether its inputs and internal topics are still those that it has used.
 */
export class ApplicationTopics {
  readonly #environment: LoopEnvironment;
  readonly #users: ReadonlyMap<string, readonly string[]>;
  readonly #inputs: ReadonlySet<string>;
  /** Repartition topics and changelogs: the leader of the group makes those that are not there. */
  readonly #internal: ReadonlySet<string>;
  #ids: ReadonlyMap<string, string>;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    const { subtopologies, config, topicIds } = environment;
    this.#users = usersOf(subtopologies, config.errors.deadLetterTopic);
    this.#inputs = new Set(
      subtopologies.flatMap(({ sourceTopics }) =>
        sourceTopics.filter((one) => this.#users.has(one)),
      ),
    );
    this.#internal = new Set(subtopologies.flatMap(internalTopics));
    this.#ids = topicIds?.read() ?? new Map();
  }

  /**
   * @throws ApplicationError `MISSING_SOURCE_TOPIC`, `MISSING_SINK_TOPIC`, `SOURCE_TOPIC_RECREATED`,
   *   `INTERNAL_TOPIC_LOST`
   */
  async check(signal: AbortSignal): Promise<void> {
    const { cluster, platform } = this.#environment;
    const startMs = platform.clock.monotonicMs();
    let isTold = false;
    for (;;) {
      const topics = [...this.#users.keys(), ...this.#internal];
      const present = await cluster.admin.describeTopics(topics, signal);
      const missing = topics.filter((topic) => this.#isNeeded(topic) && !present.has(topic));
      if (missing.length === 0) {
        await this.#compareIds(present);
        return;
      }
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

  async #compareIds(present: ReadonlyMap<string, TopicDescription>): Promise<void> {
    const ids = new Map<string, string>();
    for (const topic of [...this.#inputs, ...this.#internal]) {
      const topicId = present.get(topic)?.topicId;
      if (topicId === undefined) continue;
      const before = this.#ids.get(topic);
      if (before !== undefined && before !== topicId)
        throw this.#internal.has(topic)
          ? this.#lost([topic], "made anew")
          : recreated(topic, this.#environment.config.applicationId);
      ids.set(topic, topicId);
    }
    const isKnown = [...ids].every(([topic, id]) => this.#ids.get(topic) === id);
    if (isKnown && ids.size === this.#ids.size) return;
    this.#ids = ids;
    await this.#environment.topicIds?.write(ids);
  }

  #lost(topics: readonly string[], what: "deleted" | "made anew"): ApplicationError {
    const { config, topicIds } = this.#environment;
    const orGoOn =
      topicIds === undefined
        ? ""
        : ` To go on with what is left, remove ${topicIds.path}: stores begin anew where their changelogs do.`;
    return new ApplicationError(
      "INTERNAL_TOPIC_LOST",
      `the internal topic ${topics.join(", ")} was ${what} since the application used it: what it held is gone, and the committed offsets say that it was processed. Start over with a new applicationId, or delete the committed offsets of group ${config.applicationId}, its internal topics and the state directory.${orGoOn}`,
    );
  }

  #missing(topics: readonly string[]): ApplicationError {
    const foreign = topics.filter((topic) => this.#users.has(topic));
    if (foreign.length === 0) return this.#lost(topics, "deleted");
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

export function recreated(topic: string, applicationId: string, cause?: unknown): ApplicationError {
  return new ApplicationError(
    "SOURCE_TOPIC_RECREATED",
    `the input topic ${topic} was deleted and made anew since the application read it: committed offsets and state are those of the old one. Start over with a new applicationId, or delete the committed offsets of group ${applicationId}, its internal topics and the state directory.`,
    { cause },
  );
}

/** By topic who reads and writes it; topics that the application makes for itself are left out. */
function usersOf(
  subtopologies: readonly Subtopology[],
  deadLetterTopic: string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  const add = (topic: string, user: string): void => {
    const known = users.get(topic);
    if (known === undefined) users.set(topic, [user]);
    else known.push(user);
  };
  for (const { nodes } of subtopologies) {
    for (const node of nodes) {
      if (node.kind === "source")
        for (const topic of node.topics) add(topic, `read by ${node.name}`);
      else if (node.kind === "sink" && typeof node.topic === "string")
        add(node.topic, `written by ${node.name}`);
    }
  }
  if (deadLetterTopic !== undefined) add(deadLetterTopic, "the deadLetterTopic");
  for (const { repartitionTopics } of subtopologies)
    for (const { name } of repartitionTopics) users.delete(name);
  return users;
}
