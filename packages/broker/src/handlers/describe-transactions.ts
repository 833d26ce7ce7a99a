import { type Given } from "@millrace/protocol";
import {
  describeTransactionsApi,
  type DescribeTransactionsRequest,
  type describeTransactionsResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import {
  topicResource,
  transactionalIdResource,
  type RequestContext,
} from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answeredNames } from "./count-names.ts";

/*
 * DescribeTransactions 0: where transactional ids stand.
 */

type Response = Given<typeof describeTransactionsResponse>;

export function describeTransactionsHandler(
  transactions: TransactionCoordinator,
): AnsweringHandler<DescribeTransactionsRequest, Response> {
  return {
    api: describeTransactionsApi,
    async handle(context, request) {
      const ids = answeredNames(request.transactionalIds, (id) => id);
      const states = await context.turns.map(ids, (id) => describe(context, transactions, id));
      return { throttleTimeMs: context.throttleMs, transactionStates: await Promise.all(states) };
    },
  };
}

async function describe(
  context: RequestContext,
  transactions: TransactionCoordinator,
  transactionalId: string,
) {
  const found = context.authorize("DESCRIBE", transactionalIdResource(transactionalId))
    ? await transactions.describe(transactionalId)
    : errorCode.transactionalIdAuthorizationFailed;
  if (typeof found === "number")
    return {
      errorCode: found,
      transactionalId,
      transactionState: "",
      transactionTimeoutMs: 0,
      transactionStartTimeMs: 0,
      producerId: 0,
      producerEpoch: 0,
      topics: [],
    };
  return {
    errorCode: errorCode.none,
    transactionalId,
    transactionState: found.status,
    transactionTimeoutMs: found.timeoutMs,
    transactionStartTimeMs: found.startTimestamp,
    producerId: found.producerId,
    producerEpoch: found.producerEpoch,
    topics: [...found.partitions]
      .filter(([topic]) => context.authorize("DESCRIBE", topicResource(topic)))
      .map(([topic, partitions]) => ({ topic, partitions })),
  };
}
