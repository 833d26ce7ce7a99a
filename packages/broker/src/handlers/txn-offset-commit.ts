import { type Given } from "@millrace/protocol";
import {
  txnOffsetCommitApi,
  type TxnOffsetCommitRequest,
  type txnOffsetCommitResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { errorCode } from "../coordinator/error-code.ts";
import type { OffsetToCommit } from "../coordinator/group/offsets/commit-offsets.ts";
import type { GroupOffsets } from "../coordinator/group/offsets/group-offsets.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { operationOfTxnOffsetCommit } from "../coordinator/transaction-verifier.ts";
import {
  groupResource,
  topicResource,
  transactionalIdResource,
  type RequestContext,
} from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { mergeOffsetResults, partOffsets } from "./offset-results.ts";

/*
 * TxnOffsetCommit 0-5: a group's positions as part of a transaction: they count from its commit on.
 *
 * v0-1  COORDINATOR_LOAD_IN_PROGRESS is not known     v3  fenced by member and generation (KIP-447)
 * v4  TRANSACTION_ABORTABLE                           v5  adds the group to the transaction (TV2)
 */

type Response = Given<typeof txnOffsetCommitResponse>;

export function txnOffsetCommitHandler(
  groupOffsets: GroupOffsets,
  topics: TopicLookup,
): AnsweringHandler<TxnOffsetCommitRequest, Response> {
  return {
    api: txnOffsetCommitApi,
    async handle(context, request) {
      const refusedAll = refuse(context, request);
      const named = request.topics.map((topic) => ({
        ...topic,
        topicId: topics.topicId(topic.name) ?? zeroUuid,
      }));
      const parted = partOffsets(named, (topic, { partitionIndex }) =>
        refusedAll === errorCode.none
          ? refusePartition(context, topics, { topic: topic.name, partitionIndex })
          : refusedAll,
      );
      const offsets = parted.accepted.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({
          topic: topic.name,
          topicId: topic.topicId,
          partition: partition.partitionIndex,
          offset: partition.committedOffset,
          leaderEpoch: partition.committedLeaderEpoch,
          metadata: partition.committedMetadata ?? "",
        })),
      );
      const codes =
        offsets.length === 0 ? [] : await commit(groupOffsets, context, { request, offsets });
      return { throttleTimeMs: context.throttleMs, topics: mergeOffsetResults(parted, codes) };
    },
  };
}

async function commit(
  groupOffsets: GroupOffsets,
  context: RequestContext,
  what: { readonly request: TxnOffsetCommitRequest; readonly offsets: readonly OffsetToCommit[] },
): Promise<readonly number[] | number> {
  const { request, offsets } = what;
  const codes = await groupOffsets.commitInTransaction(
    {
      ...request,
      kind: "transactional",
      knowsMemberEpochs: false,
      retentionTimeMs: -1,
      offsets,
    },
    { ...request, operation: operationOfTxnOffsetCommit(context.apiVersion) },
  );
  // Clients before 2.0 stumble over the error.
  return codes === errorCode.coordinatorLoadInProgress && context.apiVersion < 2
    ? errorCode.coordinatorNotAvailable
    : codes;
}

function refuse(context: RequestContext, request: TxnOffsetCommitRequest): number {
  if (!context.authorize("WRITE", transactionalIdResource(request.transactionalId)))
    return errorCode.transactionalIdAuthorizationFailed;
  return context.authorize("READ", groupResource(request.groupId))
    ? errorCode.none
    : errorCode.groupAuthorizationFailed;
}

function refusePartition(
  context: RequestContext,
  topics: TopicLookup,
  { topic, partitionIndex }: { readonly topic: string; readonly partitionIndex: number },
): number {
  if (!context.authorize("READ", topicResource(topic))) return errorCode.topicAuthorizationFailed;
  const count = topics.partitionCount(topic) ?? 0;
  const exists = partitionIndex >= 0 && partitionIndex < count;
  return exists ? errorCode.none : errorCode.unknownTopicOrPartition;
}
