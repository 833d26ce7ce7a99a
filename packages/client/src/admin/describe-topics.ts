import type { ClusterDescription, TopicDescription } from "@millrace/cluster";
import { KafkaError } from "@millrace/protocol";
import type { MetadataResponse } from "@millrace/protocol/definitions";

import { topicNames } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { topicErrorOf } from "../connection/cluster-error-of.ts";
import { topicDescriptionOf } from "./topics.ts";

export async function describeCluster(
  context: ClientContext,
  signal?: AbortSignal,
): Promise<ClusterDescription> {
  checkArguments("admin.describeCluster", {}, signal);
  const answer = await ask(context, [], signal);
  return {
    clusterId: answer.clusterId ?? "",
    brokers: answer.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
  };
}

/** Those that are there. */
export async function describeTopics(
  context: ClientContext,
  topics: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, TopicDescription>> {
  checkArguments("admin.describeTopics", { topics: [topicNames, topics] }, signal);
  const answer = await ask(context, topics, signal);
  const descriptions = new Map<string, TopicDescription>();
  for (const topic of answer.topics) {
    if (topic.name === null) continue;
    const error = topic.errorCode === 0 ? undefined : KafkaError.of(topic.errorCode);
    if (error === undefined)
      descriptions.set(topic.name, topicDescriptionOf(topic, answer.brokers));
    else if (error.code !== "UNKNOWN_TOPIC_OR_PARTITION") throw topicErrorOf(topic.name, error);
  }
  return descriptions;
}

export async function listTopics(
  context: ClientContext,
  signal?: AbortSignal,
): Promise<readonly TopicDescription[]> {
  checkArguments("admin.listTopics", {}, signal);
  const answer = await ask(context, null, signal);
  return answer.topics
    .filter(({ errorCode }) => errorCode === 0)
    .map((topic) => topicDescriptionOf(topic, answer.brokers));
}

function ask(
  context: ClientContext,
  topics: readonly string[] | null,
  signal: AbortSignal | undefined,
): Promise<MetadataResponse> {
  return context.retry("Metadata", { signal }, () => context.metadata.ask(topics));
}
