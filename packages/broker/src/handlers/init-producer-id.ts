import { type Given } from "@millrace/protocol";
import {
  initProducerIdApi,
  type InitProducerIdRequest,
  type initProducerIdResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import {
  clusterResource,
  transactionalIdResource,
  type RequestContext,
} from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * InitProducerId 0-5: an id and epoch; with a transactional id whoever had it before is fenced.
 *
 * v3  with the id and epoch held, after an error (KIP-360)     v4  PRODUCER_FENCED
 */

type Response = Given<typeof initProducerIdResponse>;

export function initProducerIdHandler(
  transactions: TransactionCoordinator,
): AnsweringHandler<InitProducerIdRequest, Response> {
  return {
    api: initProducerIdApi,
    async handle(context, request) {
      const { transactionalId, producerId, producerEpoch } = request;
      const throttleTimeMs = context.throttleMs;
      const refused = refuse(context, request);
      if (refused !== errorCode.none)
        return { throttleTimeMs, errorCode: refused, producerId: -1, producerEpoch: -1 };
      const answer = await transactions.initProducerId(transactionalId, {
        timeoutMs: request.transactionTimeoutMs,
        expected: producerId === -1 ? undefined : { producerId, producerEpoch },
      });
      const isTooNew = answer.errorCode === errorCode.producerFenced && context.apiVersion < 4;
      return {
        throttleTimeMs,
        ...answer,
        errorCode: isTooNew ? errorCode.invalidProducerEpoch : answer.errorCode,
      };
    },
  };
}

function refuse(context: RequestContext, request: InitProducerIdRequest): number {
  const { transactionalId, producerId, producerEpoch } = request;
  if (transactionalId === null) {
    const mayWrite =
      context.permits("IDEMPOTENT_WRITE", clusterResource) ||
      context.authorizeSome("WRITE", "TOPIC");
    if (!mayWrite) return errorCode.clusterAuthorizationFailed;
  } else if (!context.authorize("WRITE", transactionalIdResource(transactionalId)))
    return errorCode.transactionalIdAuthorizationFailed;
  const isHalf = (producerId === -1) !== (producerEpoch === -1);
  return isHalf ? errorCode.invalidRequest : errorCode.none;
}
