import type { Offset, TopicPartition } from "@millrace/model";
import { KafkaError } from "@millrace/protocol";
import {
  describeProducersApi,
  describeTransactionsApi,
  listTransactionsApi,
  writeTxnMarkersApi,
} from "@millrace/protocol/definitions";

import { int32Max, topicName, topicPartition } from "../argument-kinds.ts";
import { checkArguments, object, textOf, whole } from "../arguments.ts";
import type { ClientContext, RetryLimits } from "../client-context.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";
import { callCoordinator } from "../metadata/coordinator-calls.ts";
import { askUntilAnswered } from "./ask-any.ts";

/** A transactional id as `listTransactions` tells it. */
export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  /** Kafka's word, such as `Ongoing`. */
  readonly state: string;
}

export interface TransactionDescription extends TransactionListing {
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** -1: none is under way. */
  readonly startTimestamp: number;
  /** What it has written to, and has not ended in yet. */
  readonly partitions: readonly TopicPartition[];
}

/** A producer that a partition knows (Kafka: `ProducerState`). */
export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  /** Of the coordinator that ended its last transaction; -1: none has. */
  readonly coordinatorEpoch: number;
  /** Where its transaction begins that is under way; undefined: it has none. */
  readonly transactionStartOffset: Offset | undefined;
}

/** A transaction in one partition, told by where it begins, and who may still be in it (Kafka: `AbortTransactionSpec`). */
export type TransactionToAbort = TopicPartition &
  Pick<ProducerState, "producerId" | "producerEpoch" | "coordinatorEpoch">;

interface Asked {
  readonly lane: BrokerLane;
  readonly signal?: AbortSignal | undefined;
}

const transactionalName = textOf("a transactional id");
const transactionToAbort = object(
  {
    topic: topicName,
    partition: whole(0, "a partition's number", int32Max),
    producerId: whole(0, "a producer's id"),
    producerEpoch: whole(0, "an epoch", 32_767),
    coordinatorEpoch: whole(-1, "an epoch, or -1", int32Max),
  },
  "{ topic, partition, producerId, producerEpoch, coordinatorEpoch }",
);

/** Asks every broker for those that it coordinates. */
export async function listTransactions(
  context: ClientContext,
  { lane, signal }: Asked,
): Promise<readonly TransactionListing[]> {
  checkArguments("admin.listTransactions", {}, signal);
  await context.retry("metadata", { signal }, () => context.metadata.refresh());
  const answers = await Promise.all(
    [...context.metadata.brokers.keys()].map((nodeId) =>
      askUntilAnswered(context, {
        api: listTransactionsApi,
        link: () => lane.link(nodeId),
        signal,
        body: () => ({ stateFilters: [], producerIdFilters: [] }),
        errorsOf: (whole) => [whole],
      }),
    ),
  );
  return answers
    .flatMap(({ transactionStates }) => transactionStates)
    .map(({ transactionalId, producerId, transactionState: state }) => ({
      transactionalId,
      producerId,
      state,
    }));
}

/** @throws KafkaError `TRANSACTIONAL_ID_NOT_FOUND` */
export async function describeTransaction(
  context: ClientContext,
  { lane, signal }: Asked,
  transactionalId: string,
): Promise<TransactionDescription> {
  const checks = { transactionalId: [transactionalName, transactionalId] } as const;
  checkArguments("admin.describeTransaction", checks, signal);
  const { answer } = await callCoordinator(
    context,
    { kind: "transaction", key: transactionalId, lane },
    {
      api: describeTransactionsApi,
      body: () => ({ transactionalIds: [transactionalId] }),
      errorsOf: ({ transactionStates }) => transactionStates.map(({ errorCode }) => errorCode),
    },
    signal === undefined ? {} : { signal },
  );
  const [state] = answer.transactionStates;
  return {
    transactionalId,
    producerId: state.producerId,
    producerEpoch: state.producerEpoch,
    state: state.transactionState,
    timeoutMs: state.transactionTimeoutMs,
    startTimestamp: state.transactionStartTimeMs,
    partitions: state.topics.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    ),
  };
}

/** Asks the leader. */
export async function describeProducers(
  context: ClientContext,
  { lane, signal }: Asked,
  place: TopicPartition,
): Promise<readonly ProducerState[]> {
  checkArguments("admin.describeProducers", { partition: [topicPartition, place] }, signal);
  const { topic, partition } = place;
  const answer = await askUntilAnswered(context, {
    api: describeProducersApi,
    link: (timeoutMs) => leaderLink(context, lane, { topic, partition, timeoutMs, signal }),
    signal,
    body: () => ({ topics: [{ name: topic, partitionIndexes: [partition] }] }),
    errorsOf: ({ topics }) => topics.flatMap(({ partitions }) => partitions),
  });
  return answer.topics
    .flatMap(({ partitions }) => partitions)
    .flatMap(({ activeProducers }) => activeProducers)
    .map(({ currentTxnStartOffset: start, ...producer }) => ({
      ...producer,
      transactionStartOffset: start < 0 ? undefined : start,
    }));
}

/** Writes the marker of an abort past the coordinator, which knows nothing of that transaction any more. */
export async function abortTransaction(
  context: ClientContext,
  { lane, signal }: Asked,
  transaction: TransactionToAbort,
): Promise<void> {
  const checks = { transaction: [transactionToAbort, transaction] } as const;
  checkArguments("admin.abortTransaction", checks, signal);
  const { topic, partition, ...producer } = transaction;
  await askUntilAnswered(context, {
    api: writeTxnMarkersApi,
    link: (timeoutMs) => leaderLink(context, lane, { topic, partition, timeoutMs, signal }),
    signal,
    body: () => ({
      markers: [
        {
          producerId: producer.producerId,
          producerEpoch: producer.producerEpoch,
          // A coordinator that never wrote a marker has none to be newer than.
          coordinatorEpoch: Math.max(0, producer.coordinatorEpoch),
          transactionResult: false,
          topics: [{ name: topic, partitionIndexes: [partition] }],
        },
      ],
    }),
    errorsOf: ({ markers }) =>
      markers.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions)),
  });
}

async function leaderLink(
  context: ClientContext,
  lane: BrokerLane,
  { topic, partition, ...limits }: TopicPartition & RetryLimits,
): Promise<LaneLink> {
  await context.knowPartitions([{ topic, partition }], limits);
  await context.metadata.refresh([topic]);
  const leaderId = context.metadata.leaderId(topic, partition);
  if (leaderId === undefined) throw new KafkaError("LEADER_NOT_AVAILABLE");
  return lane.link(leaderId);
}
