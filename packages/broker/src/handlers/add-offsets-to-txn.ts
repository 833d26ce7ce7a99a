import { type Given } from "@millrace/protocol";
import {
  addOffsetsToTxnApi,
  type AddOffsetsToTxnRequest,
  type addOffsetsToTxnResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import { groupResource, transactionalIdResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * AddOffsetsToTxn 0-4: a group's partition of `__consumer_offsets` joins the transaction. TV1 only.
 *
 * v2  PRODUCER_FENCED
 */

type Response = Given<typeof addOffsetsToTxnResponse>;

export function addOffsetsToTxnHandler(
  transactions: TransactionCoordinator,
  groups: GroupCoordinator,
): AnsweringHandler<AddOffsetsToTxnRequest, Response> {
  return {
    api: addOffsetsToTxnApi,
    async handle(context, request) {
      const { transactionalId, groupId } = request;
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("WRITE", transactionalIdResource(transactionalId)))
        return { throttleTimeMs, errorCode: errorCode.transactionalIdAuthorizationFailed };
      if (!context.authorize("READ", groupResource(groupId)))
        return { throttleTimeMs, errorCode: errorCode.groupAuthorizationFailed };
      const code = await transactions.addPartitions({
        ...request,
        partitions: [{ topic: "__consumer_offsets", partition: groups.partitionOf(groupId) }],
        clientTransactionVersion: 0,
      });
      const isTooNew = code === errorCode.producerFenced && context.apiVersion < 2;
      return { throttleTimeMs, errorCode: isTooNew ? errorCode.invalidProducerEpoch : code };
    },
  };
}
