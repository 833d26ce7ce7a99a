import type { Clock } from "@millrace/platform";
import { type Given } from "@millrace/protocol";
import {
  listTransactionsApi,
  type ListTransactionsRequest,
  type listTransactionsResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import type { TransactionMetadata } from "../coordinator/transaction/transaction-metadata.ts";
import { transactionStatuses } from "../coordinator/transaction/transaction-status.ts";
import { transactionalIdResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * ListTransactions 0-2: transactional ids by state and producer.
 *
 * v1  open for longer than that     v2  whose id matches a pattern as a whole
 */

type Response = Given<typeof listTransactionsResponse>;

export function listTransactionsHandler(
  transactions: TransactionCoordinator,
  clock: Clock,
): AnsweringHandler<ListTransactionsRequest, Response> {
  return {
    api: listTransactionsApi,
    async handle(context, request) {
      const throttleTimeMs = context.throttleMs;
      const none = { throttleTimeMs, unknownStateFilters: [], transactionStates: [] };
      const pattern = compile(request.transactionalIdPattern);
      if (pattern === undefined) return { ...none, errorCode: errorCode.invalidRegularExpression };
      const all = await transactions.list();
      if (typeof all === "number") return { ...none, errorCode: all };
      const known: ReadonlySet<string> = new Set(transactionStatuses);
      const isShown = (metadata: TransactionMetadata) =>
        matches(metadata, request, clock.wallMs()) &&
        (pattern === null || pattern.test(metadata.transactionalId)) &&
        context.authorize("DESCRIBE", transactionalIdResource(metadata.transactionalId));
      return {
        throttleTimeMs,
        errorCode: errorCode.none,
        unknownStateFilters: request.stateFilters.filter((state) => !known.has(state)),
        transactionStates: all.filter(isShown).map((metadata) => ({
          transactionalId: metadata.transactionalId,
          producerId: metadata.producerId,
          transactionState: metadata.status,
        })),
      };
    },
  };
}

function matches(
  metadata: TransactionMetadata,
  request: ListTransactionsRequest,
  nowMs: number,
): boolean {
  const { producerIdFilters, stateFilters, durationFilter } = request;
  if (producerIdFilters.length > 0 && !producerIdFilters.includes(metadata.producerId))
    return false;
  if (stateFilters.length > 0 && !stateFilters.includes(metadata.status)) return false;
  return durationFilter < 0 || nowMs - metadata.startTimestamp > durationFilter;
}

/** Null: none given; undefined: not one. */
function compile(pattern: string | null): RegExp | null | undefined {
  if (pattern === null || pattern === "") return null;
  try {
    return new RegExp(`^(?:${pattern})$`, "su");
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
