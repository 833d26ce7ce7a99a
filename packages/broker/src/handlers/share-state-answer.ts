import type { ShareRefusal } from "../coordinator/share/share-shard.ts";
import type { SharePartitionKey } from "../coordinator/share/share-partition-key.ts";
import { clusterResource, type RequestContext } from "../server/request-context.ts";
import { clusterRefused, type ErrorAnswer, noError } from "./error-answer.ts";

interface AskedTopic<Asked> {
  readonly topicId: string;
  readonly partitions: readonly Asked[];
}

interface AnsweredTopic<Answered> {
  readonly topicId: string;
  readonly partitions: readonly (Answered & { readonly partition: number })[];
}

/**
 * Answers a request of the share coordinator's, which are all alike: of each partition, what is told of it. They are
 * meant for brokers: clients need a right that only brokers have.
 */
export async function answerShareState<Asked extends { readonly partition: number }, Answered>(
  context: RequestContext,
  { groupId, topics }: { readonly groupId: string; readonly topics: readonly AskedTopic<Asked>[] },
  answers: {
    readonly ask: (key: SharePartitionKey, asked: Asked) => Promise<Answered>;
    readonly refuse: (refusal: ErrorAnswer) => Answered;
  },
): Promise<{ readonly results: readonly AnsweredTopic<Answered>[] }> {
  const mayAsk = context.authorize("CLUSTER_ACTION", clusterResource);
  // As with Kafka, a request without a group is answered without a word.
  if (mayAsk && groupId === "") return { results: [] };
  const asking = await context.turns.mapLists(
    topics.map(({ partitions }) => partitions),
    async (asked, index) => {
      const { partition } = asked;
      const { topicId } = topics[index];
      const answered = mayAsk
        ? await answers.ask({ groupId, topicId, partition }, asked)
        : answers.refuse(clusterRefused);
      return { ...answered, partition };
    },
  );
  const results = topics.map(async ({ topicId }, index) => ({
    topicId,
    partitions: await Promise.all(asking[index]),
  }));
  return { results: await Promise.all(results) };
}

/** Where nothing but success or failure is told. */
export function shareStateError(refusal: ShareRefusal | undefined): ErrorAnswer {
  return refusal ?? noError;
}
