import { type Given } from "@millrace/protocol";
import { endTxnApi, type EndTxnRequest, type endTxnResponse } from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import { transactionalIdResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * EndTxn 0-5: commits or aborts. The answer leaves once the decision is durable; the markers
 * follow.
 *
 * v2  PRODUCER_FENCED     v5  the epoch is bumped, and answered (TV2)
 */

type Response = Given<typeof endTxnResponse>;

export function endTxnHandler(
  transactions: TransactionCoordinator,
): AnsweringHandler<EndTxnRequest, Response> {
  return {
    api: endTxnApi,
    async handle(context, request) {
      const { transactionalId } = request;
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("WRITE", transactionalIdResource(transactionalId)))
        return { throttleTimeMs, errorCode: errorCode.transactionalIdAuthorizationFailed };
      const answer = await transactions.endTransaction({
        ...request,
        result: request.committed ? "commit" : "abort",
        clientTransactionVersion: context.apiVersion >= 5 ? 2 : 0,
      });
      const isTooNew = answer.errorCode === errorCode.producerFenced && context.apiVersion < 2;
      return {
        throttleTimeMs,
        ...answer,
        errorCode: isTooNew ? errorCode.invalidProducerEpoch : answer.errorCode,
      };
    },
  };
}
