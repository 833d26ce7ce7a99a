import { noProducerEpoch } from "@millrace/protocol/records";
import type { ProducerIdentity } from "../coordinator-log.ts";
import { errorCode } from "../error-code.ts";
import {
  isEpochExhausted,
  toInitialized,
  toRotated,
  type TransactionMetadata,
} from "./transaction-metadata.ts";
import { isPrepared } from "./transaction-status.ts";

export interface InitProducerIdRequest {
  readonly timeoutMs: number;
  /** What the producer believes to be, when it recovers from an error (KIP-360). */
  readonly expected: ProducerIdentity | undefined;
}

/**
 * - `refuse`: with Kafka's error code.
 * - `fence`: a transaction is open: abort it under a bumped epoch; the client is told to come
 *   again.
 * - `initialize`: the new state.
 */
export type InitProducerIdDecision =
  | { readonly kind: "refuse"; readonly errorCode: number }
  | { readonly kind: "fence" }
  | { readonly kind: "initialize"; readonly metadata: TransactionMetadata };

/** What InitProducerId does to a transactional id (Kafka: `prepareInitProducerIdTransit`). */
export function decideInitProducerId(
  metadata: TransactionMetadata,
  request: InitProducerIdRequest,
  world: {
    readonly nowMs: number;
    readonly takeProducerId: () => number;
    readonly producerEpochMax: number;
  },
): InitProducerIdDecision {
  const { expected } = request;
  const { producerEpochMax } = world;
  // First: the producer may go by the id that it gets once the transaction is complete.
  if (isPrepared(metadata.status))
    return { kind: "refuse", errorCode: errorCode.concurrentTransactions };
  if (expected !== undefined && !isExpectedProducer(metadata, expected, producerEpochMax))
    return { kind: "refuse", errorCode: errorCode.producerFenced };
  if (metadata.status === "Ongoing") return { kind: "fence" };
  const change = { timeoutMs: request.timeoutMs, nowMs: world.nowMs };
  if (isEpochExhausted(metadata.producerEpoch, producerEpochMax)) {
    if (expected !== undefined && expected.producerEpoch !== metadata.producerEpoch)
      return { kind: "refuse", errorCode: errorCode.unknownServerError };
    return {
      kind: "initialize",
      metadata: toRotated(metadata, {
        ...change,
        producerId: world.takeProducerId(),
        lastProducerEpoch: expected === undefined ? noProducerEpoch : metadata.producerEpoch,
      }),
    };
  }
  const epochs = nextEpochs(metadata, expected);
  if (epochs === undefined) return { kind: "refuse", errorCode: errorCode.producerFenced };
  return { kind: "initialize", metadata: toInitialized(metadata, { ...change, ...epochs }) };
}

function nextEpochs(
  metadata: TransactionMetadata,
  expected: ProducerIdentity | undefined,
): { readonly producerEpoch: number; readonly lastProducerEpoch: number } | undefined {
  const { producerEpoch, lastProducerEpoch } = metadata;
  if (expected === undefined)
    return { producerEpoch: producerEpoch + 1, lastProducerEpoch: noProducerEpoch };
  if (producerEpoch === noProducerEpoch || expected.producerEpoch === producerEpoch)
    return { producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch };
  // The answer to the producer's own bump was lost: it gets the same one again.
  if (expected.producerEpoch === lastProducerEpoch) return { producerEpoch, lastProducerEpoch };
  return undefined;
}

function isExpectedProducer(
  metadata: TransactionMetadata,
  expected: ProducerIdentity,
  producerEpochMax: number,
): boolean {
  return (
    metadata.producerEpoch === noProducerEpoch ||
    expected.producerId === metadata.producerId ||
    (expected.producerId === metadata.previousProducerId &&
      isEpochExhausted(expected.producerEpoch, producerEpochMax))
  );
}
