import type { TopicPartition } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import { noProducerEpoch, noProducerId } from "@millrace/protocol/records";
import type { ProducerIdentity } from "../coordinator-log.ts";
import {
  answer,
  type CoordinatorShard,
  type ShardResult,
  type ShardTimers,
} from "../coordinator-shard.ts";
import { errorCode } from "../error-code.ts";
import {
  decideEndTransaction,
  type EndTransactionEpochCheck,
  type EndTransactionRequest,
} from "./end-transaction.ts";
import { decideInitProducerId, type InitProducerIdRequest } from "./init-producer-id.ts";
import type { ProducerIds } from "./producer-ids.ts";
import {
  isEpochExhausted,
  newTransactionMetadata,
  toComplete,
  toOngoing,
  toPrepared,
  type TransactionMetadata,
} from "./transaction-metadata.ts";
import { hasPartition } from "./transaction-partitions.ts";
import type { TransactionRecord } from "./transaction-record.ts";
import { isAtRest, isPrepared } from "./transaction-status.ts";

export interface TransactionShardOptions {
  readonly clock: Clock;
  readonly timers: ShardTimers<TransactionRecord>;
  readonly producerIds: ProducerIds;
  readonly abortIntervalMs: number;
  readonly isEndTransactionEpochAccepted: EndTransactionEpochCheck;
  readonly producerEpochMax: number;
  /**
   * Called once the decision is durable, and after a restart for every one that was not carried
   * out.
   */
  readonly carryOut: (prepared: TransactionMetadata) => void;
  readonly probe: (label: string) => void;
}

/** An answer that names the producer; id and epoch are -1 where there is nothing to say. */
export interface ProducerAnswer extends ProducerIdentity {
  readonly errorCode: number;
}

export interface AddPartitionsRequest extends ProducerIdentity {
  readonly transactionalId: string;
  readonly partitions: readonly TopicPartition[];
  readonly clientTransactionVersion: 0 | 2;
}

type Result<Response> = ShardResult<TransactionRecord, Response>;

/** Ids that are forgotten in one go. */
const tombstonesMax = 1000;
const abortTimer = "abort-timed-out";

/** Transactional ids of one partition of `__transaction_state`: the newest record of each. */
export class TransactionShard implements CoordinatorShard<TransactionRecord> {
  readonly #options: TransactionShardOptions;
  readonly #byId = new Map<string, TransactionMetadata>();
  /** When the open transactions were begun, or found after a restart, by the monotonic clock. */
  readonly #openedAtMs = new Map<string, number>();

  constructor(options: TransactionShardOptions) {
    this.#options = options;
  }

  replay({ transactionalId, metadata }: TransactionRecord): void {
    if (metadata === null) this.#byId.delete(transactionalId);
    else this.#byId.set(transactionalId, metadata);
    if (metadata?.status !== "Ongoing") this.#openedAtMs.delete(transactionalId);
    else if (!this.#openedAtMs.has(transactionalId)) {
      this.#openedAtMs.set(transactionalId, this.#options.clock.monotonicMs());
      this.#scheduleAbort();
    }
  }

  /** `__transaction_state` takes part in no transaction. */
  replayMarker(): void {}

  loaded(): void {
    for (const metadata of this.#byId.values())
      if (isPrepared(metadata.status)) this.#options.carryOut(metadata);
  }

  get(transactionalId: string): TransactionMetadata | undefined {
    return this.#byId.get(transactionalId);
  }

  all(): Iterable<TransactionMetadata> {
    return this.#byId.values();
  }

  /** Needs a producer id at hand. */
  initProducerId(transactionalId: string, request: InitProducerIdRequest): Result<ProducerAnswer> {
    const { clock, producerIds, producerEpochMax, probe } = this.#options;
    const metadata =
      this.#byId.get(transactionalId) ??
      newTransactionMetadata(transactionalId, producerIds.take(), request.timeoutMs);
    const decision = decideInitProducerId(metadata, request, {
      nowMs: clock.wallMs(),
      takeProducerId: () => producerIds.take(),
      producerEpochMax,
    });
    switch (decision.kind) {
      case "refuse":
        return answer(refusal(decision.errorCode));
      case "fence": {
        const prepared = this.#fence(metadata);
        return this.#prepare([prepared], refusal(errorCode.concurrentTransactions));
      }
      case "initialize":
        return {
          records: [{ transactionalId, metadata: decision.metadata }],
          response: named(decision.metadata),
          appended: () => probe("C16"),
        };
    }
  }

  addPartitions(request: AddPartitionsRequest): Result<number> {
    const { transactionalId, partitions } = request;
    const metadata = this.#byId.get(transactionalId);
    // First: the producer may go by the epoch, or the id, that it has once the transaction is complete.
    if (metadata !== undefined && isPrepared(metadata.status))
      return answer(errorCode.concurrentTransactions);
    const refused = refuseProducer(metadata, request);
    if (metadata === undefined || refused !== errorCode.none) return answer(refused);
    const hasAll = partitions.every((partition) => hasPartition(metadata.partitions, partition));
    if (metadata.status === "Ongoing" && hasAll) return answer(errorCode.none);
    const ongoing = toOngoing(metadata, partitions, {
      nowMs: this.#options.clock.wallMs(),
      clientTransactionVersion: request.clientTransactionVersion,
    });
    return { records: [{ transactionalId, metadata: ongoing }], response: errorCode.none };
  }

  /** Error codes by partition; TRANSACTION_ABORTABLE where one is not part of the transaction. */
  verifyPartitions(
    transactionalId: string,
    producer: ProducerIdentity,
    partitions: readonly TopicPartition[],
  ): readonly number[] {
    const metadata = this.#byId.get(transactionalId);
    const refused = refuseProducer(metadata, producer);
    return partitions.map((partition) => {
      if (metadata === undefined || refused !== errorCode.none) return refused;
      return hasPartition(metadata.partitions, partition)
        ? errorCode.none
        : errorCode.transactionAbortable;
    });
  }

  /** Needs a producer id at hand. */
  endTransaction(request: EndTransactionRequest): Result<ProducerAnswer> {
    const metadata = this.#byId.get(request.transactionalId);
    const { isEndTransactionEpochAccepted, producerEpochMax, clock } = this.#options;
    const decision = decideEndTransaction(metadata, request, {
      isEpochAccepted: isEndTransactionEpochAccepted,
      producerEpochMax,
    });
    const namesProducer = request.clientTransactionVersion === 2;
    if (decision.kind === "refuse" || metadata === undefined)
      return answer(
        refusal(decision.kind === "refuse" ? decision.errorCode : errorCode.unknownServerError),
      );
    if (decision.kind === "repeat")
      return answer(namesProducer ? named(metadata) : refusal(errorCode.none));
    const prepared = toPrepared(metadata, {
      result: request.result,
      clientTransactionVersion: request.clientTransactionVersion,
      nextProducerId: namesProducer ? this.#nextProducerId(metadata) : noProducerId,
      producerEpochMax,
      isWithoutPartitions: decision.isWithoutPartitions,
      nowMs: clock.wallMs(),
    });
    const response = namesProducer
      ? named(toComplete(prepared, prepared.lastUpdateTimestamp))
      : refusal(errorCode.none);
    return this.#prepare([prepared], response);
  }

  /** All markers of a decision are durable. */
  complete(prepared: TransactionMetadata): Result<void> {
    const { transactionalId } = prepared;
    if (this.#byId.get(transactionalId) !== prepared) return answer(undefined);
    const metadata = toComplete(prepared, this.#options.clock.wallMs());
    return { records: [{ transactionalId, metadata }], response: undefined };
  }

  /** Forgets ids without a transaction that have not changed for so long; gives how many. */
  expireIds(expirationMs: number): Result<number> {
    const untilMs = this.#options.clock.wallMs() - expirationMs;
    const records: TransactionRecord[] = [];
    for (const { transactionalId, status, lastUpdateTimestamp } of this.#byId.values()) {
      if (records.length >= tombstonesMax) break;
      if (isAtRest(status) && lastUpdateTimestamp <= untilMs)
        records.push({ transactionalId, metadata: null });
    }
    return { records, response: records.length };
  }

  #prepare<Response>(
    prepared: readonly TransactionMetadata[],
    response: Response,
  ): Result<Response> {
    const { carryOut, probe } = this.#options;
    return {
      records: prepared.map((metadata) => ({
        transactionalId: metadata.transactionalId,
        metadata,
      })),
      response,
      appended: () => probe("C13"),
      settled: (failure) => {
        if (failure !== undefined) return;
        probe("C14");
        for (const metadata of prepared) carryOut(metadata);
      },
    };
  }

  /** Aborts in the coordinator's own name, under an epoch that shuts the old producer out. */
  #fence(metadata: TransactionMetadata): TransactionMetadata {
    return toPrepared(metadata, {
      result: "abort",
      clientTransactionVersion: 2,
      nextProducerId: this.#nextProducerId(metadata),
      producerEpochMax: this.#options.producerEpochMax,
      isWithoutPartitions: false,
      nowMs: this.#options.clock.wallMs(),
    });
  }

  #nextProducerId(metadata: TransactionMetadata): number {
    return isEpochExhausted(metadata.producerEpoch, this.#options.producerEpochMax)
      ? this.#options.producerIds.take()
      : noProducerId;
  }

  #scheduleAbort(): void {
    const { timers, abortIntervalMs } = this.#options;
    if (this.#openedAtMs.size === 0 || timers.isScheduled(abortTimer)) return;
    timers.schedule(abortTimer, abortIntervalMs, () => this.#abortTimedOut());
  }

  #abortTimedOut(): Result<void> {
    const { clock, producerIds, producerEpochMax } = this.#options;
    const nowMs = clock.monotonicMs();
    const prepared: TransactionMetadata[] = [];
    for (const [transactionalId, openedAtMs] of this.#openedAtMs) {
      const metadata = this.#byId.get(transactionalId);
      if (metadata === undefined || nowMs - openedAtMs < metadata.timeoutMs) continue;
      const isExhausted = isEpochExhausted(metadata.producerEpoch, producerEpochMax);
      const canFence = !isExhausted || producerIds.hasNext;
      if (canFence) prepared.push(this.#fence(metadata));
      else producerIds.prefetch();
    }
    const result = this.#prepare(prepared, undefined);
    return {
      records: result.records,
      response: undefined,
      settled: (failure) => {
        this.#scheduleAbort();
        if (prepared.length > 0) result.settled?.(failure);
      },
    };
  }
}

function refuseProducer(
  metadata: TransactionMetadata | undefined,
  producer: ProducerIdentity,
): number {
  if (metadata === undefined || metadata.producerId !== producer.producerId)
    return errorCode.invalidProducerIdMapping;
  if (metadata.producerEpoch !== producer.producerEpoch) return errorCode.producerFenced;
  return isPrepared(metadata.status) ? errorCode.concurrentTransactions : errorCode.none;
}

function refusal(code: number): ProducerAnswer {
  return { errorCode: code, producerId: noProducerId, producerEpoch: noProducerEpoch };
}

function named({ producerId, producerEpoch }: TransactionMetadata): ProducerAnswer {
  return { errorCode: errorCode.none, producerId, producerEpoch };
}
