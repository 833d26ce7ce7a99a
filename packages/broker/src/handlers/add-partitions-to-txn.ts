import type { TopicPartition } from "@millrace/model";
import { type Given } from "@millrace/protocol";
import {
  addPartitionsToTxnApi,
  type AddPartitionsToTxnRequest,
  type addPartitionsToTxnResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import {
  clusterResource,
  topicResource,
  transactionalIdResource,
  type RequestContext,
} from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * AddPartitionsToTxn 0-5: partitions join a transaction: all of them, or none.
 *
 * v2  PRODUCER_FENCED     v4  many transactions, or just a look whether they have joined: meant for
 * brokers,
 *                             and for a client that sends v5 all the same
 */

type Response = Given<typeof addPartitionsToTxnResponse>;
type Transaction = AddPartitionsToTxnRequest["transactions"][number];

export function addPartitionsToTxnHandler(
  transactions: TransactionCoordinator,
  topics: TopicLookup,
): AnsweringHandler<AddPartitionsToTxnRequest, Response> {
  return {
    api: addPartitionsToTxnApi,
    async handle(context, request) {
      const throttleTimeMs = context.throttleMs;
      const isOfClient = context.apiVersion < 4;
      if (!isOfClient && !context.authorize("CLUSTER_ACTION", clusterResource))
        return { throttleTimeMs, errorCode: errorCode.clusterAuthorizationFailed };
      const asked = isOfClient ? [oneTransaction(request)] : request.transactions;
      const adding = await context.turns.map(asked, async (transaction) => ({
        transactionalId: transaction.transactionalId,
        topicResults: byTopic(
          transaction,
          await addTransaction(context, { transactions, topics }, transaction),
        ),
      }));
      const results = await Promise.all(adding);
      return isOfClient
        ? { throttleTimeMs, resultsByTopicV3AndBelow: results[0].topicResults }
        : { throttleTimeMs, resultsByTransaction: results };
    },
  };
}

function oneTransaction(request: AddPartitionsToTxnRequest): Transaction {
  return {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    topics: request.v3AndBelowTopics,
    verifyOnly: false,
  };
}

/** An error code per partition. */
async function addTransaction(
  context: RequestContext,
  world: { readonly transactions: TransactionCoordinator; readonly topics: TopicLookup },
  transaction: Transaction,
): Promise<readonly number[]> {
  const { transactionalId } = transaction;
  const partitions = transaction.topics.flatMap(({ name, partitions: indexes }) =>
    indexes.map((partition) => ({ topic: name, partition })),
  );
  const mayWrite = context.authorize("WRITE", transactionalIdResource(transactionalId));
  if (context.apiVersion < 4 && !mayWrite)
    return partitions.map(() => errorCode.transactionalIdAuthorizationFailed);
  const refused = partitions.map((partition) => refuse(context, world.topics, partition));
  if (refused.some((code) => code !== errorCode.none))
    return refused.map((code) =>
      code === errorCode.none ? errorCode.operationNotAttempted : code,
    );
  if (transaction.verifyOnly)
    return world.transactions.verifyPartitions(transactionalId, transaction, partitions);
  const code = await world.transactions.addPartitions({
    ...transaction,
    partitions,
    clientTransactionVersion: context.apiVersion > 3 ? 2 : 0,
  });
  const isTooNew = code === errorCode.producerFenced && context.apiVersion < 2;
  return partitions.map(() => (isTooNew ? errorCode.invalidProducerEpoch : code));
}

function refuse(
  context: RequestContext,
  topics: TopicLookup,
  { topic, partition }: TopicPartition,
): number {
  if (context.apiVersion < 4 && !context.authorize("WRITE", topicResource(topic)))
    return errorCode.topicAuthorizationFailed;
  const exists = partition >= 0 && partition < (topics.partitionCount(topic) ?? 0);
  return exists ? errorCode.none : errorCode.unknownTopicOrPartition;
}

function byTopic({ topics }: Transaction, codes: readonly number[]) {
  let next = 0;
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: codes[next++],
    })),
  }));
}
