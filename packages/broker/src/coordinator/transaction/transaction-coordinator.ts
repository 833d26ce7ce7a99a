import type { Platform } from "@millrace/platform";
import { noProducerEpoch, noProducerId } from "@millrace/protocol/records";
import type { CoordinatorLogs, ProducerIdentity } from "../coordinator-log.ts";
import { errorCode } from "../error-code.ts";
import { codeOfFailure } from "../failure-code.ts";
import { partitionOfKey } from "../key-partition.ts";
import type { MarkerWriter } from "../marker-writer.ts";
import type { ProducerIdBlocks } from "../producer-id-blocks.ts";
import { ShardRuntime } from "../shard-runtime.ts";
import type { TransactionVerification, TransactionVerifier } from "../transaction-verifier.ts";
import {
  isEndTransactionEpochAccepted,
  type EndTransactionEpochCheck,
  type EndTransactionRequest,
} from "./end-transaction.ts";
import type { InitProducerIdRequest } from "./init-producer-id.ts";
import { MarkerDriver } from "./marker-driver.ts";
import { ProducerIds } from "./producer-ids.ts";
import type { TransactionConfig } from "./transaction-config.ts";
import { transactionRecordCodec, type TransactionRecord } from "./transaction-record.ts";
import { type TransactionMetadata } from "./transaction-metadata.ts";
import {
  TransactionShard,
  type AddPartitionsRequest,
  type ProducerAnswer,
} from "./transaction-shard.ts";

export interface TransactionCoordinatorOptions {
  readonly platform: Platform;
  readonly logs: CoordinatorLogs;
  readonly producerIdBlocks: ProducerIdBlocks;
  /** Of users' partitions and of `__consumer_offsets`. */
  readonly markers: MarkerWriter;
  readonly config: TransactionConfig;
  /** Kafka's rule unless given. */
  readonly isEndTransactionEpochAccepted?: EndTransactionEpochCheck;
}

/**
 * Transactions of all transactional ids (Kafka: `TransactionCoordinator`). No call rejects: what
 * goes wrong is an error code of Kafka's.
 */
export class TransactionCoordinator implements TransactionVerifier {
  readonly #options: TransactionCoordinatorOptions;
  readonly #producerIds: ProducerIds;
  readonly #driver: MarkerDriver;
  readonly #runtime: ShardRuntime<TransactionRecord, TransactionShard>;

  constructor(options: TransactionCoordinatorOptions) {
    const { platform, config } = options;
    this.#options = options;
    this.#producerIds = new ProducerIds(options.producerIdBlocks);
    this.#driver = new MarkerDriver({
      platform,
      markers: options.markers,
      retryBackoffMs: config.markerRetryBackoffMs,
      coordinatorEpoch: (id) => this.#runtime.coordinatorEpoch(this.#partitionOf(id)),
      complete: (prepared) =>
        this.#runtime.write(this.#partitionOf(prepared.transactionalId), (shard) =>
          shard.complete(prepared),
        ),
    });
    this.#runtime = new ShardRuntime({
      topic: "__transaction_state",
      logs: options.logs,
      codec: transactionRecordCodec,
      platform,
      createShard: (_partition, timers) =>
        new TransactionShard({
          clock: platform.clock,
          timers,
          producerIds: this.#producerIds,
          abortIntervalMs: config.abortIntervalMs,
          producerEpochMax: config.producerEpochMax,
          isEndTransactionEpochAccepted:
            options.isEndTransactionEpochAccepted ?? isEndTransactionEpochAccepted,
          carryOut: (prepared) => this.#driver.carryOut(prepared),
          probe: (label) => platform.probe?.(label),
        }),
    });
  }

  /**
   * Loads all transactional ids: the timeouts of open transactions run, decisions are carried out
   * to the end.
   */
  start(): void {
    this.#runtime.loadExisting();
  }

  close(): void {
    this.#runtime.close();
    this.#driver.close();
  }

  /** A null id: an idempotent producer without transactions. */
  async initProducerId(
    transactionalId: string | null,
    request: InitProducerIdRequest,
  ): Promise<ProducerAnswer> {
    if (transactionalId === "") return refusal(errorCode.invalidRequest);
    const isBounded =
      request.timeoutMs > 0 && request.timeoutMs <= this.#options.config.timeoutMaxMs;
    if (transactionalId !== null && !isBounded) return refusal(errorCode.invalidTransactionTimeout);
    try {
      if (!this.#producerIds.hasNext) await this.#producerIds.ready();
      if (transactionalId === null)
        return { errorCode: 0, producerId: this.#producerIds.take(), producerEpoch: 0 };
      return await this.#runtime.write(this.#partitionOf(transactionalId), (shard) =>
        shard.initProducerId(transactionalId, request),
      );
    } catch (failure) {
      return refusal(this.#codeOf(failure));
    }
  }

  async addPartitions(request: AddPartitionsRequest): Promise<number> {
    if (request.transactionalId === "") return errorCode.invalidRequest;
    try {
      return await this.#runtime.write(this.#partitionOf(request.transactionalId), (shard) =>
        shard.addPartitions(request),
      );
    } catch (failure) {
      return this.#codeOf(failure);
    }
  }

  /** One error code per partition. */
  async verifyPartitions(
    transactionalId: string,
    producer: ProducerIdentity,
    partitions: TransactionVerification["partitions"],
  ): Promise<readonly number[]> {
    if (transactionalId === "") return partitions.map(() => errorCode.invalidRequest);
    try {
      return await this.#runtime.read(this.#partitionOf(transactionalId), (shard) =>
        shard.verifyPartitions(transactionalId, producer, partitions),
      );
    } catch (failure) {
      const code = this.#codeOf(failure);
      return partitions.map(() => code);
    }
  }

  async verify(request: TransactionVerification): Promise<readonly number[]> {
    const { transactionalId, partitions, operation } = request;
    if (operation !== "addPartition") {
      const codes = await this.verifyPartitions(transactionalId, request, partitions);
      return codes.map((code) => codeForProducer(code, operation === "defaultError"));
    }
    const code = await this.#addWhenComplete({ ...request, clientTransactionVersion: 2 });
    return partitions.map(() => codeForProducer(code, false));
  }

  /**
   * The transaction before may be about to complete: that is waited for a little, since a Produce
   * is dear.
   */
  async #addWhenComplete(request: AddPartitionsRequest): Promise<number> {
    const { platform, config } = this.#options;
    const deadlineMs = platform.clock.monotonicMs() + config.addPartitionsRetryMs;
    for (;;) {
      const code = await this.addPartitions(request);
      const remainingMs = deadlineMs - platform.clock.monotonicMs();
      if (code !== errorCode.concurrentTransactions || remainingMs <= 0) return code;
      await this.#driver.idleOrAfter(request.transactionalId, remainingMs);
    }
  }

  async endTransaction(request: EndTransactionRequest): Promise<ProducerAnswer> {
    const { transactionalId } = request;
    if (transactionalId === "") return refusal(errorCode.invalidRequest);
    try {
      if (!this.#producerIds.hasNext) await this.#producerIds.ready();
      return await this.#runtime.write(this.#partitionOf(transactionalId), (shard) =>
        shard.endTransaction(request),
      );
    } catch (failure) {
      return refusal(this.#codeOf(failure));
    }
  }

  /** What is known of a transactional id, or an error code. */
  async describe(transactionalId: string): Promise<TransactionMetadata | number> {
    if (transactionalId === "") return errorCode.invalidRequest;
    try {
      const partition = this.#partitionOf(transactionalId);
      const found = await this.#runtime.read(partition, (shard) => shard.get(transactionalId));
      return found ?? errorCode.transactionalIdNotFound;
    } catch (failure) {
      return this.#codeOf(failure);
    }
  }

  /** All transactional ids, or an error code. */
  async list(): Promise<readonly TransactionMetadata[] | number> {
    try {
      const shards = await this.#runtime.readAll((shard) => [...shard.all()]);
      return shards.flat();
    } catch (failure) {
      return this.#codeOf(failure);
    }
  }

  /** Forgets transactional ids that nobody has used for `transactional.id.expiration.ms`. */
  async expireIds(): Promise<void> {
    try {
      for (let isMore = true; isMore;) {
        const { idExpirationMs } = this.#options.config;
        const counts = await this.#runtime.writeAll((shard) => shard.expireIds(idExpirationMs));
        isMore = counts.some((count) => count > 0);
      }
    } catch (failure) {
      this.#codeOf(failure);
    }
  }

  #partitionOf(transactionalId: string): number {
    return partitionOfKey(transactionalId, this.#runtime.partitionCount);
  }

  #codeOf(failure: unknown): number {
    return codeOfFailure(failure, this.#options.platform.logger);
  }
}

/** Producers know other names for what the transaction coordinator refuses. */
function codeForProducer(code: number, knowsOldErrorsOnly: boolean): number {
  if (code === errorCode.producerFenced) return errorCode.invalidProducerEpoch;
  if (code === errorCode.transactionAbortable && knowsOldErrorsOnly)
    return errorCode.invalidTransactionState;
  return code;
}

function refusal(code: number): ProducerAnswer {
  return { errorCode: code, producerId: noProducerId, producerEpoch: noProducerEpoch };
}
