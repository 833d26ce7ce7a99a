import type { Clock } from "@millrace/platform";
import { type Given } from "@millrace/protocol";
import {
  listTransactionsApi,
  type ListTransactionsRequest,
  type listTransactionsResponse,
} from "@millrace/protocol/definitions";
import { RE2JS, RE2JSSyntaxException } from "re2js";
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
      const states = new Set(request.stateFilters);
      const producerIds = new Set(request.producerIdFilters);
      const isShown = (metadata: TransactionMetadata) =>
        (producerIds.size === 0 || producerIds.has(metadata.producerId)) &&
        (states.size === 0 || states.has(metadata.status)) &&
        isOpenFor(metadata, request.durationFilter, clock.wallMs()) &&
        (pattern === null || pattern.matches(metadata.transactionalId)) &&
        context.permits("DESCRIBE", transactionalIdResource(metadata.transactionalId));
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
      return {
        throttleTimeMs,
        errorCode: errorCode.none,
        unknownStateFilters: [...states].filter((state) => !known.has(state)),
        transactionStates: shown.flat(),
      };
    },
  };
}

function isOpenFor(metadata: TransactionMetadata, durationMs: number, nowMs: number): boolean {
  return durationMs < 0 || nowMs - metadata.startTimestamp > durationMs;
}

/**
 * Null: none given; undefined: not one. RE2's expressions, as Kafka's, match in a time that grows with the text; the
 * language's own try every way one after the other: `(a+)+b` would hold the broker for good.
 */
function compile(pattern: string | null): RE2JS | null | undefined {
  if (pattern === null || pattern === "") return null;
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return undefined;
    throw error;
  }
}
