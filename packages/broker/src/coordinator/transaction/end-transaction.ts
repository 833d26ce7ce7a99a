import type { TransactionResult } from "../coordinator-log.ts";
import { errorCode } from "../error-code.ts";
import type { TransactionMetadata } from "./transaction-metadata.ts";
import { isPrepared } from "./transaction-status.ts";

/** An EndTxn as a client sends it. */
export interface EndTransactionRequest {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly result: TransactionResult;
  /** 2 from version 5 of EndTxn on: the epoch is bumped with the transaction. */
  readonly clientTransactionVersion: 0 | 2;
}

/** The rule of epochs, and their bound. */
export interface EndTransactionRules {
  readonly isEpochAccepted: EndTransactionEpochCheck;
  readonly producerEpochMax: number;
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
  producerEpochMax: number,
) => boolean;

/**
 * What an EndTxn does, by the state of the transactional id. While markers are on their way it is
 * told to come again; in TV2 before anything else is looked at, since the producer may go by the
 * epoch, or the id, that it has once the transaction is complete.
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
  { isEpochAccepted, producerEpochMax }: EndTransactionRules,
): EndTransactionDecision {
  if (metadata === undefined) return refuse(errorCode.invalidProducerIdMapping);
  const isVersion2 = request.clientTransactionVersion === 2;
  const isEnding = isPrepared(metadata.status);
  if (isVersion2 && isEnding) return refuse(errorCode.concurrentTransactions);
  const isKnownId =
    metadata.producerId === request.producerId ||
    isRetryAfterRotation(metadata, request, producerEpochMax);
  if (!isKnownId) return refuse(errorCode.invalidProducerIdMapping);
  if (!isEpochAccepted(metadata, request, producerEpochMax))
    return refuse(errorCode.producerFenced);
  if (isEnding) return refuse(errorCode.concurrentTransactions);
  return isVersion2
    ? decideVersion2(metadata, request, producerEpochMax)
    : decideVersion1(metadata, request.result);
}

/** Kafka's rule. */
export function isEndTransactionEpochAccepted(
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
  producerEpochMax: number,
): boolean {
  const isComplete = metadata.status === "CompleteCommit" || metadata.status === "CompleteAbort";
  const mayRepeat = request.clientTransactionVersion === 2 && isComplete;
  return (
    request.producerEpoch === metadata.producerEpoch ||
    (mayRepeat && isRetry(metadata, request, producerEpochMax))
  );
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
    default:
      return refuse(errorCode.invalidTransactionState);
  }
}

function decideVersion2(
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
  producerEpochMax: number,
): EndTransactionDecision {
  const { result } = request;
  switch (metadata.status) {
    case "Ongoing":
      return { kind: "prepare", isWithoutPartitions: false };
    case "CompleteCommit":
    case "CompleteAbort":
      if (isRetry(metadata, request, producerEpochMax))
        return resultOf(metadata) === result
          ? { kind: "repeat" }
          : refuse(errorCode.invalidTransactionState);
      return endWithoutPartitions(result);
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

export function resultOf(metadata: TransactionMetadata): TransactionResult {
  return metadata.status === "PrepareCommit" || metadata.status === "CompleteCommit"
    ? "commit"
    : "abort";
}

function isRetry(
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
  producerEpochMax: number,
): boolean {
  return (
    metadata.producerEpoch === request.producerEpoch + 1 ||
    isRetryAfterRotation(metadata, request, producerEpochMax)
  );
}

function isRetryAfterRotation(
  metadata: TransactionMetadata,
  request: EndTransactionRequest,
  producerEpochMax: number,
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
