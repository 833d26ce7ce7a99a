import { errorCodeOf, errorRow } from "@millrace/protocol";
import { readBaseSequence, readProducerEpoch, readProducerId } from "@millrace/protocol/records";
import type { BrokerServices } from "../broker-services.ts";
import {
  operationOfProduce,
  type TransactionOperation,
  type TransactionVerification,
} from "../coordinator/transaction-verifier.ts";
import { type AppendRefusal, refusalOf, refusedWith } from "./append-refusal.ts";
import type { ProducePartition } from "./produce-partition.ts";

const concurrentTransactions = errorCodeOf("CONCURRENT_TRANSACTIONS");

/** Errors of the coordinator that old clients would not retry. */
const asNotEnoughReplicas: ReadonlySet<number> = new Set([
  errorCodeOf("NETWORK_EXCEPTION"),
  errorCodeOf("COORDINATOR_LOAD_IN_PROGRESS"),
  errorCodeOf("COORDINATOR_NOT_AVAILABLE"),
  errorCodeOf("NOT_COORDINATOR"),
]);

/**
 * Makes sure that partitions belong to the transaction before its first append reaches them (KIP-890); what does not
 * is refused in place. Undefined: nothing had to be asked.
 *
 * The partition's own producer state comes first, so that an old epoch is told as such (KAFKA-19690).
 */
export function verifyTransaction(
  services: BrokerServices,
  apiVersion: number,
  transactionalId: string,
  partitions: readonly ProducePartition[],
): Promise<void> | undefined {
  const operation = operationOfProduce(apiVersion);
  const isAsked =
    operation === "addPartition" ||
    services.config.boolean("transaction.partition.verification.enable");
  if (!isAsked || !isOneProducer(partitions)) return undefined;
  for (const produced of partitions) startVerification(produced, operation);
  const asked = partitions.filter(({ guard }) => guard !== undefined);
  if (asked.length === 0) return undefined;
  const [{ records }] = asked;
  return ask(services, asked, {
    transactionalId,
    operation,
    producerId: readProducerId(records, 0),
    producerEpoch: readProducerEpoch(records, 0),
    partitions: asked.map(({ topic, index }) => ({ topic, partition: index })),
  });
}

function isOneProducer(partitions: readonly ProducePartition[]): boolean {
  const [first] = partitions;
  const isSame = partitions.every(
    ({ records }) =>
      readProducerId(records, 0) === readProducerId(first.records, 0) &&
      readProducerEpoch(records, 0) === readProducerEpoch(first.records, 0),
  );
  if (!isSame)
    for (const produced of partitions)
      produced.refusal = refusedWith("INVALID_PRODUCER_ID_MAPPING");
  return isSame;
}

function startVerification(produced: ProducePartition, operation: TransactionOperation): void {
  const { partition, records } = produced;
  if (partition === undefined || produced.refusal !== undefined) return;
  try {
    produced.guard = partition.startTransactionVerification({
      producerId: readProducerId(records, 0),
      producerEpoch: readProducerEpoch(records, 0),
      baseSequence: readBaseSequence(records, 0),
      supportsEpochBump: operation === "addPartition",
    });
  } catch (error) {
    produced.refusal = refusalOf(error, -1);
  }
}

/** With TV2 the transaction before may be ending still: the wait is shorter here than over the network. */
async function ask(
  services: BrokerServices,
  asked: readonly ProducePartition[],
  verification: TransactionVerification,
): Promise<void> {
  const { clock, timers } = services.platform;
  const backoffMs = services.config.number("add.partitions.to.txn.retry.backoff.ms");
  const deadlineMs =
    clock.monotonicMs() + services.config.number("add.partitions.to.txn.retry.backoff.max.ms");
  let codes = await services.verifier.verify(verification);
  while (
    verification.operation === "addPartition" &&
    codes.includes(concurrentTransactions) &&
    clock.monotonicMs() < deadlineMs
  ) {
    await timers.sleep(backoffMs);
    codes = await services.verifier.verify(verification);
  }
  for (const [index, code] of codes.entries())
    if (code !== 0) asked[index].refusal = refusalOfCode(code, verification.operation);
}

function refusalOfCode(code: number, operation: TransactionOperation): AppendRefusal {
  const isConcurrent = code === concurrentTransactions && operation !== "addPartition";
  if (isConcurrent || asNotEnoughReplicas.has(code)) {
    const cause = errorRow(code).name;
    return {
      ...refusedWith("NOT_ENOUGH_REPLICAS"),
      errorMessage: `the transaction could not be asked whether it has the partition: ${cause}`,
    };
  }
  const { name } = errorRow(code);
  return name === "INVALID_TXN_STATE"
    ? { ...refusedWith(name), errorMessage: "the partition was not added to the transaction" }
    : refusedWith(name);
}
