import type { TransactionResult } from "../coordinator-log.ts";
import { errorCode } from "../error-code.ts";
import { producerEpochMax, type TransactionMetadata } from "./transaction-metadata.ts";

/** An EndTxn as a client sends it. */
export interface EndTransactionRequest {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly result: TransactionResult;
  /** 2 from version 5 of EndTxn on: the epoch is bumped with the transaction. */
  readonly clientTransactionVersion: 0 | 2;
}

/**
 * - `refuse`: with Kafka's error code.
 * - `repeat`: it has ended so already; the answer is that of the first time.
 * - `prepare`: end it now.
 */
export type EndTransactionDecision =
  | { readonly kind: "refuse"; readonly errorCode: number }
  | { readonly kind: "repeat" }
  | { readonly kind: "prepare"; readonly isWithoutPartitions: boolean };

/**
 * Whether the epoch in a request may end the transaction. A seam: whoever builds the coordinator
 * hands it in, so that a test can show that a wrong one is found out.
 */
export type EndTransactionEpochCheck = (
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
) => boolean;

/**
 * What an EndTxn does, by the state of the transactional id.
 *
 * TV1: the epoch must be the current one. `Empty` refuses; a complete transaction takes a
 * repetition of its result.
 *
 * TV2, `retry` being the epoch before the current one, or the last one of the previous producer id:
 *
 *     |                | abort: retry | abort: current | commit: retry | commit: current |
 *     | Empty          | fenced       | epoch bump     | fenced        | invalid state   |
 *     | CompleteAbort  | repeat       | epoch bump     | invalid state | invalid state   |
 *     | CompleteCommit | invalid state| epoch bump     | repeat        | invalid state   |
 */
export function decideEndTransaction(
  metadata: TransactionMetadata | undefined,
  request: EndTransactionRequest,
  isEpochAccepted: EndTransactionEpochCheck,
): EndTransactionDecision {
  if (metadata === undefined) return refuse(errorCode.invalidProducerIdMapping);
  const isKnownId =
    metadata.producerId === request.producerId || isRetryAfterRotation(metadata, request);
  if (!isKnownId) return refuse(errorCode.invalidProducerIdMapping);
  if (!isEpochAccepted(metadata, request)) return refuse(errorCode.producerFenced);
  return request.clientTransactionVersion === 2
    ? decideVersion2(metadata, request)
    : decideVersion1(metadata, request.result);
}

/** Kafka's rule. */
export function isEndTransactionEpochAccepted(
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
): boolean {
  const isCurrent = request.producerEpoch === metadata.producerEpoch;
  if (request.clientTransactionVersion !== 2) return isCurrent;
  switch (metadata.status) {
    case "PrepareCommit":
    case "PrepareAbort":
      return isRetryAfterBump(metadata, request);
    case "CompleteCommit":
    case "CompleteAbort":
      return isCurrent || isRetry(metadata, request);
    default:
      return isCurrent;
  }
}

function decideVersion1(
  metadata: TransactionMetadata,
  result: TransactionResult,
): EndTransactionDecision {
  switch (metadata.status) {
    case "Ongoing":
      return { kind: "prepare", isWithoutPartitions: false };
    case "CompleteCommit":
    case "CompleteAbort":
      return resultOf(metadata) === result
        ? { kind: "repeat" }
        : refuse(errorCode.invalidTransactionState);
    case "PrepareCommit":
    case "PrepareAbort":
      return decideWhilePrepared(metadata, result);
    default:
      return refuse(errorCode.invalidTransactionState);
  }
}

function decideVersion2(
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
): EndTransactionDecision {
  const { result } = request;
  switch (metadata.status) {
    case "Ongoing":
      return { kind: "prepare", isWithoutPartitions: false };
    case "CompleteCommit":
    case "CompleteAbort":
      if (isRetry(metadata, request))
        return resultOf(metadata) === result
          ? { kind: "repeat" }
          : refuse(errorCode.invalidTransactionState);
      return endWithoutPartitions(result);
    case "PrepareCommit":
    case "PrepareAbort":
      return decideWhilePrepared(metadata, result);
    default:
      return endWithoutPartitions(result);
  }
}

/**
 * A TV2 producer does not know whether its partitions were added: its abort must find an end
 * anyway.
 */
function endWithoutPartitions(result: TransactionResult): EndTransactionDecision {
  return result === "abort"
    ? { kind: "prepare", isWithoutPartitions: true }
    : refuse(errorCode.invalidTransactionState);
}

function decideWhilePrepared(
  metadata: TransactionMetadata,
  result: TransactionResult,
): EndTransactionDecision {
  return refuse(
    resultOf(metadata) === result
      ? errorCode.concurrentTransactions
      : errorCode.invalidTransactionState,
  );
}

export function resultOf(metadata: TransactionMetadata): TransactionResult {
  return metadata.status === "PrepareCommit" || metadata.status === "CompleteCommit"
    ? "commit"
    : "abort";
}

function isRetry(metadata: TransactionMetadata, request: EndTransactionRequest): boolean {
  return isRetryAfterBump(metadata, request) || isRetryAfterRotation(metadata, request);
}

function isRetryAfterBump(metadata: TransactionMetadata, request: EndTransactionRequest): boolean {
  return metadata.producerEpoch === request.producerEpoch + 1;
}

function isRetryAfterRotation(
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
): boolean {
  return (
    request.clientTransactionVersion === 2 &&
    metadata.previousProducerId === request.producerId &&
    request.producerEpoch === producerEpochMax - 1 &&
    metadata.producerEpoch === 0
  );
}

function refuse(code: number): EndTransactionDecision {
  return { kind: "refuse", errorCode: code };
}
