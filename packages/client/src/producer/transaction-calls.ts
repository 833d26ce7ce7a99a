import type { GroupMetadata, OffsetAndMetadata } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  endTxnApi,
  initProducerIdApi,
  txnOffsetCommitApi,
} from "@millrace/protocol/definitions";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { fencedCommit } from "../connection/fenced-commit.ts";
import {
  callCoordinator,
  coordinatorLink,
  type Coordinated,
} from "../metadata/coordinator-calls.ts";
import type { ProducerIdentity } from "./partition-batches.ts";

/** Level of `transaction.version` from which on transactions follow KIP-890 part 2. */
const transactionVersion2 = 2;

/** Who talks to the coordinators. */
export interface TransactionCaller {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly transactionalId: string;
}

/** The requests of a transactional writer, one function each, with their retries. */
export async function initProducerId(
  caller: TransactionCaller,
  {
    timeoutMs,
    resume,
    signal,
  }: {
    /** Of the transaction. */
    readonly timeoutMs: number;
    /** Bumps the epoch of this identity alone: fenced if another writer has come (KIP-360). */
    readonly resume: ProducerIdentity | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<ProducerIdentity> {
  const { transactionalId } = caller;
  const { answer } = await callCoordinator(
    caller.context,
    coordinatedBy(caller),
    {
      api: initProducerIdApi,
      versionMin: resume === undefined ? 0 : 3,
      body: () => ({ transactionalId, transactionTimeoutMs: timeoutMs, ...resume }),
      errorsOf: ({ errorCode }) => [errorCode],
    },
    { signal },
  );
  return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

/** What a coordinator knows of the cluster's transactions. */
export interface TransactionFeature {
  /** True: the cluster has finalised version 2. */
  readonly isV2: boolean;
  readonly featuresEpoch: number;
}

/** As it was told when the link to the coordinator was opened last; undefined: it never was. */
export async function transactionFeature(
  caller: TransactionCaller,
): Promise<TransactionFeature | undefined> {
  const { connection } = await coordinatorLink(caller.context, coordinatedBy(caller));
  const { versions } = connection;
  if (versions === undefined) return undefined;
  const level = versions.featureLevel("transaction.version");
  const isV2 = level >= transactionVersion2 && (versions.version(endTxnApi) ?? 0) >= 5;
  return { isV2, featuresEpoch: versions.featuresEpoch };
}

export async function addPartitions(
  caller: TransactionCaller,
  identity: ProducerIdentity,
  {
    partitions,
    signal,
  }: { readonly partitions: readonly TopicPartition[]; readonly signal: AbortSignal },
): Promise<void> {
  await callCoordinator(
    caller.context,
    coordinatedBy(caller),
    {
      api: addPartitionsToTxnApi,
      // Later versions are the brokers' own.
      versionMax: 3,
      body: () => ({
        v3AndBelowTransactionalId: caller.transactionalId,
        v3AndBelowProducerId: identity.producerId,
        v3AndBelowProducerEpoch: identity.producerEpoch,
        v3AndBelowTopics: [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
          name,
          partitions: own.map(({ partition }) => partition),
        })),
      }),
      // Of several errors the one that says why, not the one of those that were not tried.
      errorsOf: ({ resultsByTopicV3AndBelow }) =>
        resultsByTopicV3AndBelow
          .flatMap(({ resultsByPartition }) => resultsByPartition)
          .map(({ partitionErrorCode }) => partitionErrorCode)
          .toSorted((left, right) => Number(left === 55) - Number(right === 55)),
    },
    { signal },
  );
}

export interface OffsetsToSend {
  readonly identity: ProducerIdentity;
  readonly offsets: readonly OffsetAndMetadata[];
  readonly group: GroupMetadata;
  readonly isV2: boolean;
  readonly signal?: AbortSignal;
}

/** Makes offsets part of the transaction (KIP-447). */
export async function sendOffsets(caller: TransactionCaller, sent: OffsetsToSend): Promise<void> {
  const { context, lane, transactionalId } = caller;
  const { identity, group, isV2, signal } = sent;
  const { groupId, generationId, memberId, groupInstanceId } = group;
  if (!isV2) {
    await callCoordinator(
      context,
      coordinatedBy(caller),
      {
        api: addOffsetsToTxnApi,
        body: () => ({ transactionalId, ...identity, groupId }),
        errorsOf: ({ errorCode }) => [errorCode],
      },
      { signal },
    );
  }
  const isFenced = generationId >= 0 || memberId !== "";
  await callCoordinator(
    context,
    { kind: "group", key: groupId, lane },
    {
      api: txnOffsetCommitApi,
      versionMin: isV2 ? 5 : isFenced ? 3 : 0,
      versionMax: isV2 ? 5 : 4,
      body: (version) => ({
        transactionalId,
        groupId,
        ...identity,
        ...(version >= 3 ? { generationId, memberId, groupInstanceId } : {}),
        topics: offsetsByTopic(sent.offsets),
      }),
      errorsOf: ({ topics }) =>
        topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
    },
    { signal },
  ).catch((error: unknown) => {
    throw fencedCommit(error);
  });
}

/** Offsets in the shape of the commit requests. */
export function offsetsByTopic(offsets: readonly OffsetAndMetadata[]) {
  return [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(({ partition, offset, leaderEpoch, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch ?? -1,
      committedMetadata: metadata ?? "",
    })),
  }));
}

/** Ends the transaction. `identity` is the one for the next (version 2 has another epoch each time). */
export async function endTransaction(
  caller: TransactionCaller,
  {
    identity,
    committed,
    isV2,
    signal,
  }: {
    readonly identity: ProducerIdentity;
    readonly committed: boolean;
    readonly isV2: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<{ readonly identity: ProducerIdentity; readonly wasLost: boolean }> {
  const { transactionalId } = caller;
  const { answer, wasLost } = await callCoordinator(
    caller.context,
    coordinatedBy(caller),
    {
      api: endTxnApi,
      versionMin: isV2 ? 5 : 0,
      versionMax: isV2 ? 5 : 4,
      body: () => ({ transactionalId, ...identity, committed }),
      errorsOf: ({ errorCode }) => [errorCode],
    },
    { signal },
  );
  const { producerId, producerEpoch } = answer;
  return { identity: producerId >= 0 ? { producerId, producerEpoch } : identity, wasLost };
}

function coordinatedBy({ lane, transactionalId }: TransactionCaller): Coordinated {
  return { kind: "transaction", key: transactionalId, lane };
}
