import { type KafkaError } from "@millrace/protocol";
import { initProducerIdApi } from "@millrace/protocol/definitions";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import type { ProducerBatch, ProducerIdentity } from "./partition-batches.ts";
import type { Refusal, SendGate } from "./send-gate.ts";

/** Epochs that a producer id has; behind the last one a new id is needed. */
const producerEpochMax = 0x7fff;

export interface IdempotenceOptions {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  /** Until a producer id counts as not to be had. */
  readonly timeoutMs: number;
  /** Told that more may be sent now. */
  readonly onOpened: () => void;
  /** Told that there is no producer id to be had. */
  readonly onRefused: (error: unknown) => void;
  /** Told of records that are given up. */
  readonly onFailed: (error: Error) => void;
}

/**
 * A writer without transactions: a producer id from any broker, no duplicates by retries within it. A
 * sequence that is lost for good starts a new epoch: by the writer itself, since nobody else has its id.
 */
export class Idempotence implements SendGate {
  readonly transactionalId = null;
  readonly produceVersions = {};
  readonly isFirstSequenceChecked = false;
  readonly hasFailed = false;
  readonly #options: IdempotenceOptions;
  #identity: ProducerIdentity | undefined;
  #asking: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(options: IdempotenceOptions) {
    this.#options = options;
  }

  get identity(): ProducerIdentity | undefined {
    if (this.#identity === undefined) this.#ask();
    return this.#identity;
  }

  admits(): boolean {
    return true;
  }

  onSend(): void {}

  onRefused(batch: ProducerBatch, error: KafkaError): Refusal | undefined {
    const { owner } = batch;
    if (error.code === "OUT_OF_ORDER_SEQUENCE_NUMBER") {
      batch.mayBeWritten = false;
      if (!owner.isBehindOther(batch)) this.#bump(batch);
      return "retry";
    }
    if (error.code !== "UNKNOWN_PRODUCER_ID") return undefined;
    batch.mayBeWritten = false;
    this.#bump(batch);
    return "retry";
  }

  onFailed(batch: ProducerBatch, error: Error): void {
    this.#options.onFailed(error);
    this.onLeftOut(batch);
  }

  canLeaveOut(): boolean {
    return true;
  }

  onLeftOut(batch: ProducerBatch): void {
    // Its sequence is never to be seen: the partition goes on in a new epoch.
    if (batch.identity !== undefined) this.#bump(batch);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#asking;
  }

  #bump({ owner, identity }: ProducerBatch): void {
    owner.restart = { ordinal: -1, sequence: 0 };
    // Another partition has bumped already.
    if (identity !== this.#identity || identity === undefined) return;
    this.#identity =
      identity.producerEpoch < producerEpochMax
        ? { producerId: identity.producerId, producerEpoch: identity.producerEpoch + 1 }
        : undefined;
  }

  #ask(): void {
    const { onOpened, onRefused } = this.#options;
    const { signal } = this.#closing;
    if (this.#asking !== undefined || signal.aborted) return;
    this.#asking = this.#initProducerId()
      .then((identity) => {
        this.#identity = identity;
        this.#asking = undefined;
        onOpened();
      })
      .catch((error: unknown) => {
        this.#asking = undefined;
        if (!signal.aborted) onRefused(error);
      });
  }

  #initProducerId(): Promise<ProducerIdentity> {
    const { context, lane, timeoutMs } = this.#options;
    const { metadata, platform } = context;
    const { signal } = this.#closing;
    return context.retry("InitProducerId", { timeoutMs, signal }, async () => {
      if (metadata.brokers.size === 0) await metadata.refresh();
      const nodeIds = [...metadata.brokers.keys()];
      const answer = await lane.link(nodeIds[platform.random.below(nodeIds.length)]).call({
        api: initProducerIdApi,
        body: () => ({ transactionalId: null, transactionTimeoutMs: 0x7fffffff }),
      });
      throwIfError(answer.errorCode);
      return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
    });
  }
}
