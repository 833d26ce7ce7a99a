import type {
  ClusterAdmin,
  ClusterDescription,
  NewTopic,
  TopicConfigs,
  TopicDescription,
  TopicResult,
} from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import type { Admin, ConfigResourceTypes } from "kafkajs";

import { request, type KafkajsContext } from "../kafkajs-context.ts";
import { clusterErrorOf } from "../link/kafkajs-failure.ts";
import { listOffsets, type WantedOffset } from "../link/list-offsets.ts";
import { allTopics, topicsOf, type Leaders } from "../link/topic-catalog.ts";
import type { AdminConnections, AdminLinks } from "./admin-links.ts";

/** kafkajs's enumeration has a value of its own at run time alone. */
const topicResource = 2 satisfies ConfigResourceTypes.TOPIC;

const internalTopics: ReadonlySet<string> = new Set(["__consumer_offsets", "__transaction_state"]);

/** Administration by kafkajs's own admin, and by its `Broker`s where that tells less. */
export class KafkajsAdmin implements ClusterAdmin {
  readonly #context: KafkajsContext;
  readonly #links: AdminLinks;

  constructor(context: KafkajsContext, links: AdminLinks) {
    this.#context = context;
    this.#links = links;
  }

  async describeCluster(signal?: AbortSignal): Promise<ClusterDescription> {
    return this.#ask("describeCluster", signal, async ({ admin }) => {
      const { clusterId, brokers } = await admin.describeCluster();
      return { clusterId, brokers };
    });
  }

  async describeTopics(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicDescription>> {
    const found = await this.#ask("describeTopics", signal, ({ read_committed: link }) =>
      link.through((ready) => topicsOf(ready, topics)),
    );
    return new Map([...found].map(([name, leaders]) => [name, describe(name, leaders)]));
  }

  async listTopics(signal?: AbortSignal): Promise<readonly TopicDescription[]> {
    const found = await this.#ask("listTopics", signal, ({ read_committed: link }) =>
      link.through(allTopics),
    );
    return [...found].map(([name, leaders]) => describe(name, leaders));
  }

  /** One request for each: of several kafkajs tells no more than that one of them failed. */
  async createTopics(
    topics: readonly NewTopic[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    return this.#each(topics, signal, (admin, topic) => createTopic(admin, topic));
  }

  async deleteTopics(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    const named = topics.map((name) => ({ name }));
    const present = await this.describeTopics(topics, signal);
    return this.#each(named, signal, async (admin, { name }) => {
      // kafkajs would go on asking for a topic that is not there.
      if (!present.has(name)) throw clusterErrorOf(`topic ${name}`, notThere);
      await admin.deleteTopics({ topics: [name] });
    });
  }

  async describeConfigs(
    topics: readonly { readonly kind: "topic"; readonly name: string }[],
    signal?: AbortSignal,
  ): Promise<readonly TopicConfigs[]> {
    const names = topics.map(({ name }) => name);
    const present = await this.describeTopics(names, signal);
    const missing = names.find((name) => !present.has(name));
    // kafkajs would go on asking.
    if (missing !== undefined) throw clusterErrorOf(`topic ${missing}`, notThere);
    const { resources } = await this.#ask("describeConfigs", signal, ({ admin }) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: names.map((name) => ({ type: topicResource, name })),
      }),
    );
    return resources.map(({ resourceName, configEntries }) => ({
      name: resourceName,
      configs: configEntries.map(({ configName, configValue }) => ({
        name: configName,
        value: configValue,
      })),
    }));
  }

  async listOffsets(
    partitions: readonly WantedOffset[],
    options: {
      readonly isolation?: "read_committed" | "read_uncommitted";
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<
    readonly (TopicPartition & { readonly offset: Offset; readonly timestamp: number })[]
  > {
    const { isolation = "read_uncommitted", signal } = options;
    const found = await this.#ask("listOffsets", signal, (connections) =>
      connections[isolation].through((ready) => listOffsets(ready, partitions)),
    );
    // kafkajs does not tell the records' times.
    return found.map((one) => ({ ...one, timestamp: -1 }));
  }

  async deleteRecords(
    offsets: readonly (TopicPartition & { readonly offset: Offset })[],
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#ask("deleteRecords", signal, async ({ admin }) => {
      for (const [topic, own] of Map.groupBy(offsets, (one) => one.topic)) {
        await admin.fetchTopicOffsets(topic); // kafkajs looks for leaders in what it happens to know
        await admin.deleteTopicRecords({
          topic,
          partitions: own.map(({ partition, offset }) => ({ partition, offset: `${offset}` })),
        });
      }
    });
  }

  #ask<T>(
    what: string,
    signal: AbortSignal | undefined,
    work: (connections: AdminConnections) => Promise<T>,
  ): Promise<T> {
    this.#context.closing.throwIfAborted();
    return request(this.#context, { what, signal }, () => this.#links.with(work));
  }

  #each<Topic extends { readonly name: string }>(
    topics: readonly Topic[],
    signal: AbortSignal | undefined,
    work: (admin: Admin, topic: Topic) => Promise<void>,
  ): Promise<readonly TopicResult[]> {
    this.#context.closing.throwIfAborted();
    return Promise.all(
      topics.map(async (topic) => {
        const { name } = topic;
        try {
          await this.#ask(`topic ${name}`, signal, ({ admin }) => work(admin, topic));
          return { name, error: undefined };
        } catch (error) {
          signal?.throwIfAborted();
          this.#context.closing.throwIfAborted();
          return { name, error: clusterErrorOf(`topic ${name}`, error) };
        }
      }),
    );
  }
}

const notThere = Object.assign(new Error("this cluster has no such topic"), {
  type: "UNKNOWN_TOPIC_OR_PARTITION",
});

function describe(name: string, leaders: Leaders): TopicDescription {
  return {
    name,
    topicId: undefined, // kafkajs does not ask for it
    partitionCount: leaders.length,
    isInternal: internalTopics.has(name),
  };
}

async function createTopic(admin: Admin, topic: NewTopic): Promise<void> {
  const { name, partitionCount, replicationFactor = -1, configs = {} } = topic;
  const isMade = await admin.createTopics({
    topics: [
      {
        topic: name,
        numPartitions: partitionCount,
        replicationFactor,
        configEntries: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
  });
  if (!isMade) throw alreadyThere(name);
}

/** kafkajs answers `false`. */
function alreadyThere(name: string): Error {
  return Object.assign(new Error(`topic ${name} is there already`), {
    code: "TOPIC_ALREADY_EXISTS",
    type: "TOPIC_ALREADY_EXISTS",
  });
}
