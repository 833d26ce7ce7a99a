import { topicPartitionName, type Offset } from "@millrace/model";
import { KafkaError, type Given } from "@millrace/protocol";
import { type produceRequest, type ProduceResponse } from "@millrace/protocol/definitions";
import type { ClusterMetadata } from "../metadata/cluster-metadata.ts";
import type { ProducerBatch } from "./partition-batches.ts";
import type { RecordFault } from "./refused-batches.ts";

/** What became of a batch. */
export interface BatchOutcome {
  readonly batch: ProducerBatch;
  readonly error: KafkaError | undefined;
  /** -1: the broker did not tell. */
  readonly baseOffset: Offset;
  /** What the broker says of single records of a batch that it refused. */
  readonly recordErrors: readonly RecordFault[];
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number };
}

/** All replicas in sync have it: the only acknowledgement that is asked for. */
const acksOfAll = -1;
const noLeader = { leaderId: -1, leaderEpoch: -1 };

interface ProduceTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitionData: { readonly index: number; readonly records: Uint8Array | null }[];
}

/** One request with the batches of many partitions, their bytes not copied. */
export function produceRequestBody(
  metadata: ClusterMetadata,
  batches: readonly ProducerBatch[],
  {
    transactionalId,
    timeoutMs,
  }: { readonly transactionalId: string | null; readonly timeoutMs: number },
): {
  readonly body: (version: number) => Given<typeof produceRequest>;
  readonly hasTopicIds: boolean;
  /** The name of a topic in the answer. */
  readonly nameOf: (topic: { readonly name: string; readonly topicId: string }) => string;
} {
  const topics = new Map<string, ProduceTopic>();
  const names = new Map<string, string>();
  let hasTopicIds = true;
  for (const { owner, bytes = null } of batches) {
    let topic = topics.get(owner.topic);
    if (topic === undefined) {
      const topicId = metadata.topic(owner.topic)?.topicId;
      if (topicId === undefined) hasTopicIds = false;
      else names.set(topicId, owner.topic);
      topic = { name: owner.topic, topicId: topicId ?? "", partitionData: [] };
      topics.set(owner.topic, topic);
    }
    topic.partitionData.push({ index: owner.partition, records: bytes });
  }
  const body = (version: number) => ({
    transactionalId,
    acks: acksOfAll,
    timeoutMs,
    topicData: [...topics.values()].map(({ name, topicId, partitionData }) =>
      version >= 13 ? { topicId, partitionData } : { name, partitionData },
    ),
  });
  return { body, hasTopicIds, nameOf: (topic) => topic.name || (names.get(topic.topicId) ?? "") };
}

/** What the answer says of each batch; a batch that it forgot is to be sent again. */
export function batchOutcomes(
  answer: ProduceResponse,
  batches: readonly ProducerBatch[],
  nameOf: (topic: { readonly name: string; readonly topicId: string }) => string,
): readonly BatchOutcome[] {
  const rows = new Map<
    string,
    ProduceResponse["responses"][number]["partitionResponses"][number]
  >();
  for (const topic of answer.responses) {
    const name = nameOf(topic);
    for (const row of topic.partitionResponses) rows.set(topicPartitionName(name, row.index), row);
  }
  return batches.map((batch) => {
    const row = rows.get(topicPartitionName(batch.owner.topic, batch.owner.partition));
    if (row === undefined) {
      const error = new KafkaError("NETWORK_EXCEPTION", "the answer does not name the partition");
      return { batch, error, baseOffset: -1, recordErrors: [], currentLeader: noLeader };
    }
    const error =
      row.errorCode === 0
        ? undefined
        : KafkaError.of(row.errorCode, messageOf(row.errorCode, row.errorMessage));
    const { baseOffset, recordErrors, currentLeader } = row;
    return { batch, error, baseOffset, recordErrors, currentLeader };
  });
}

function messageOf(errorCode: number, told: string | null): string | undefined {
  return told === null || told === "" ? undefined : `${KafkaError.of(errorCode).code}: ${told}`;
}
