import type { Clock } from "@millrace/platform";
import { type Given } from "@millrace/protocol";
import {
  listTransactionsApi,
  type ListTransactionsRequest,
  type listTransactionsResponse,
} from "@millrace/protocol/definitions";
import { compilePattern } from "../config/compile-pattern.ts";
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
      // Null and empty: none.
      const text = request.transactionalIdPattern ?? "";
      const pattern = text === "" ? undefined : compilePattern(text);
      if (pattern !== undefined && "fault" in pattern)
        return { ...none, errorCode: errorCode.invalidRegularExpression };
      const all = await transactions.list();
      if (typeof all === "number") return { ...none, errorCode: all };
      const programSize = pattern?.programSize() ?? 0;
      let isTooLong = false;
      const matches = (id: string) => {
        if (programSize * id.length > matchStepsMax) isTooLong = true;
        return !isTooLong && (pattern === undefined || pattern.matches(id));
      };
      const known: ReadonlySet<string> = new Set(transactionStatuses);
      const states = new Set(request.stateFilters);
      const producerIds = new Set(request.producerIdFilters);
      const isShown = (metadata: TransactionMetadata) =>
        (producerIds.size === 0 || producerIds.has(metadata.producerId)) &&
        (states.size === 0 || states.has(metadata.status)) &&
        isOpenFor(metadata, request.durationFilter, clock.wallMs()) &&
        // First: what is not for this client's eyes is no reason to refuse it.
        context.permits("DESCRIBE", transactionalIdResource(metadata.transactionalId)) &&
        matches(metadata.transactionalId);
      const shown = await context.turns.map(all, (metadata) =>
        isShown(metadata)
          ? [
              {
                transactionalId: metadata.transactionalId,
                producerId: metadata.producerId,
                transactionState: metadata.status,
              },
            ]
          : [],
      );
      if (isTooLong) return { ...none, errorCode: errorCode.invalidRegularExpression };
      return {
        throttleTimeMs,
        errorCode: errorCode.none,
        unknownStateFilters: [...states].filter((state) => !known.has(state)),
        transactionStates: shown.flat(),
      };
    },
  };
}

/** Instructions times characters: a tenth of a second for one id. */
const matchStepsMax = 1_000_000;

function isOpenFor(metadata: TransactionMetadata, durationMs: number, nowMs: number): boolean {
  return durationMs < 0 || nowMs - metadata.startTimestamp > durationMs;
}
