import type { BrokerMetadata } from "kafkajs";

import type { ReadyLink } from "./kafkajs-link.ts";
import { kafkajsFailureOf } from "./kafkajs-failure.ts";

/** The leaders of a topic's partitions, by partition. */
export type Leaders = readonly number[];

/** Asks for all topics' metadata: those that are there. */
export async function allTopics(link: ReadyLink): Promise<ReadonlyMap<string, Leaders>> {
  const broker = await link.anyBroker();
  return leadersOf(await broker.metadata([]));
}

/**
 * Topics that are not there are not in the map. kafkajs fails as a whole where one topic of many is missing: then each is
 * asked for alone.
 */
export async function topicsOf(
  link: ReadyLink,
  topics: readonly string[],
): Promise<ReadonlyMap<string, Leaders>> {
  if (topics.length === 0) return new Map();
  const broker = await link.anyBroker();
  try {
    return leadersOf(await broker.metadata([...topics]));
  } catch (error) {
    const { type } = kafkajsFailureOf(error);
    const isOfOneTopic =
      type === "UNKNOWN_TOPIC_OR_PARTITION" ||
      type === "TOPIC_AUTHORIZATION_FAILED" ||
      type === "INVALID_TOPIC_EXCEPTION";
    if (!isOfOneTopic) throw error;
    if (topics.length > 1) {
      const found = await Promise.all(topics.map((topic) => topicsOf(link, [topic])));
      return new Map(found.flatMap((one) => [...one]));
    }
    if (type !== "TOPIC_AUTHORIZATION_FAILED") return new Map();
    throw error;
  }
}

function leadersOf({ topicMetadata }: BrokerMetadata): ReadonlyMap<string, Leaders> {
  return new Map(
    topicMetadata.map(({ topic, partitionMetadata }) => {
      const leaders: number[] = [];
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader;
      return [topic, leaders];
    }),
  );
}
