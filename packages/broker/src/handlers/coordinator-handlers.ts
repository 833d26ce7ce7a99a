import type { Clock } from "@millrace/platform";
import type { Coordinators } from "../coordinator/coordinators.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import type { Partitions } from "../partition/partitions.ts";
import type { Handler } from "../server/handler.ts";
import { addOffsetsToTxnHandler } from "./add-offsets-to-txn.ts";
import { addPartitionsToTxnHandler } from "./add-partitions-to-txn.ts";
import { consumerGroupDescribeHandler } from "./consumer-group-describe.ts";
import { consumerGroupHeartbeatHandler } from "./consumer-group-heartbeat.ts";
import { deleteGroupsHandler } from "./delete-groups.ts";
import { describeGroupsHandler } from "./describe-groups.ts";
import { describeTransactionsHandler } from "./describe-transactions.ts";
import { endTxnHandler } from "./end-txn.ts";
import { type CoordinatorNode, findCoordinatorHandler } from "./find-coordinator.ts";
import type { GroupProtocols } from "./group-protocols.ts";
import { heartbeatHandler } from "./heartbeat.ts";
import { initProducerIdHandler } from "./init-producer-id.ts";
import { joinGroupHandler } from "./join-group.ts";
import { leaveGroupHandler } from "./leave-group.ts";
import { listGroupsHandler } from "./list-groups.ts";
import { listTransactionsHandler } from "./list-transactions.ts";
import { offsetCommitHandler } from "./offset-commit.ts";
import { offsetDeleteHandler } from "./offset-delete.ts";
import { offsetFetchHandler } from "./offset-fetch.ts";
import { streamsGroupDescribeHandler } from "./streams-group-describe.ts";
import { type InternalTopics, streamsGroupHeartbeatHandler } from "./streams-group-heartbeat.ts";
import { deleteShareGroupStateHandler } from "./delete-share-group-state.ts";
import { initializeShareGroupStateHandler } from "./initialize-share-group-state.ts";
import { readShareGroupStateHandler } from "./read-share-group-state.ts";
import { readShareGroupStateSummaryHandler } from "./read-share-group-state-summary.ts";
import { writeShareGroupStateHandler } from "./write-share-group-state.ts";
import { alterShareGroupOffsetsHandler } from "./alter-share-group-offsets.ts";
import { deleteShareGroupOffsetsHandler } from "./delete-share-group-offsets.ts";
import { describeShareGroupOffsetsHandler } from "./describe-share-group-offsets.ts";
import { shareGroupDescribeHandler } from "./share-group-describe.ts";
import { shareGroupHeartbeatHandler } from "./share-group-heartbeat.ts";
import { syncGroupHandler } from "./sync-group.ts";
import { txnOffsetCommitHandler } from "./txn-offset-commit.ts";
import { writeTxnMarkersHandler } from "./write-txn-markers.ts";

export interface CoordinatorHandlersOptions {
  readonly coordinators: Coordinators;
  readonly topics: TopicLookup;
  readonly partitions: Partitions;
  readonly protocols: GroupProtocols;
  /** For streams groups. */
  readonly internalTopics: InternalTopics;
  readonly clock: Clock;
  /** This broker as clients reach it through a listener: it coordinates everything. */
  readonly node: (listener: string) => CoordinatorNode;
}

/** The APIs that the coordinators serve. */
export function coordinatorHandlers(options: CoordinatorHandlersOptions): readonly Handler[] {
  const { topics, clock, protocols } = options;
  const { groups, share, transactions } = options.coordinators;
  return [
    findCoordinatorHandler(options.node),
    joinGroupHandler(groups.classic),
    syncGroupHandler(groups.classic),
    heartbeatHandler(groups.classic),
    leaveGroupHandler(groups.classic),
    offsetCommitHandler(groups.offsets, topics),
    offsetFetchHandler(groups.offsets, topics),
    offsetDeleteHandler(groups.offsets, topics),
    listGroupsHandler(groups),
    describeGroupsHandler(groups.classic),
    deleteGroupsHandler(groups),
    initProducerIdHandler(transactions),
    addPartitionsToTxnHandler(transactions, topics),
    addOffsetsToTxnHandler(transactions, groups),
    txnOffsetCommitHandler(groups.offsets, topics),
    endTxnHandler(transactions),
    describeTransactionsHandler(transactions),
    listTransactionsHandler(transactions, clock),
    consumerGroupHeartbeatHandler(groups.consumer, protocols),
    consumerGroupDescribeHandler(groups.consumer, protocols),
    streamsGroupHeartbeatHandler(groups.streams, options.internalTopics, protocols),
    streamsGroupDescribeHandler(groups.streams, protocols),
    shareGroupHeartbeatHandler(groups.share, protocols),
    shareGroupDescribeHandler(groups.share, protocols),
    describeShareGroupOffsetsHandler(groups.share, topics, protocols),
    alterShareGroupOffsetsHandler(groups.share, topics, protocols),
    deleteShareGroupOffsetsHandler(groups.share, topics, protocols),
    initializeShareGroupStateHandler(share),
    readShareGroupStateHandler(share),
    writeShareGroupStateHandler(share),
    deleteShareGroupStateHandler(share),
    readShareGroupStateSummaryHandler(share),
    writeTxnMarkersHandler(groups, options.partitions, clock),
  ];
}
