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
 * Topics that are not there, or that this client may not see, are not in the map. All are asked for: asked for one that is
 * not there kafkajs logs an error, and fails as a whole. Where a topic of somebody else's keeps it from telling of all
 * (one without a leader does), each is asked for alone.
 */
export async function topicsOf(
  link: ReadyLink,
  topics: readonly string[],
): Promise<ReadonlyMap<string, Leaders>> {
  if (topics.length === 0) return new Map();
  try {
    const all = await allTopics(link);
    const wanted = new Set(topics);
    return new Map([...all].filter(([topic]) => wanted.has(topic)));
  } catch (error) {
    if (kafkajsFailureOf(error).type === undefined) throw error; // nobody has answered
    const found = await Promise.all(topics.map((topic) => oneTopic(link, topic)));
    return new Map(found.flatMap((one) => [...one]));
  }
}

async function oneTopic(link: ReadyLink, topic: string): Promise<ReadonlyMap<string, Leaders>> {
  const broker = await link.anyBroker();
  try {
    return leadersOf(await broker.metadata([topic]));
  } catch (error) {
    const { type } = kafkajsFailureOf(error);
    if (type === "UNKNOWN_TOPIC_OR_PARTITION" || type === "INVALID_TOPIC_EXCEPTION")
      return new Map();
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
