import { ClusterError, type GroupMetadata, type OffsetAndMetadata } from "@millrace/cluster";
import type { KafkaError } from "@millrace/protocol";
import type { PartitionBatches, ProducerBatch, ProducerIdentity } from "./partition-batches.ts";
import type { Refusal, SendGate } from "./send-gate.ts";
import {
  addPartitions,
  endTransaction,
  initProducerId,
  sendOffsets,
  transactionFeature,
  type TransactionCaller,
} from "./transaction-calls.ts";
import { abortableError, fatalError, severityOf } from "./transaction-errors.ts";

export interface TransactionOptions extends TransactionCaller {
  readonly transactionTimeoutMs: number;
  /** Told that more may be sent now. */
  readonly onOpened: () => void;
  /** Told whenever `isOpen` or `failure` has changed. */
  readonly onStateChange: () => void;
}

/**
 * ```
 *  uninitialized ──initialize──> ready ──begin──> open ──end──> ending ──> ready
 *                                                  │              │
 *                                               failed <──────────┘   (abort: back to ready)
 *                                                  └──> finished      (fenced: for ever)
 * ```
 */
type State = "uninitialized" | "ready" | "open" | "ending" | "failed" | "finished";

/**
 * The transactions of one writer, one after the other (Kafka: `TransactionManager`). Where the cluster has
 * finalised `transaction.version` 2, partitions and groups join by being written to and every transaction
 * has an epoch of its own; elsewhere they are added first, and the epoch is bumped whenever something was
 * lost on the way, so that nothing that is delayed can reach a later transaction.
 */
export class Transaction implements SendGate {
  readonly transactionalId: string;
  readonly #options: TransactionOptions;
  #state: State = "uninitialized";
  #identity: ProducerIdentity | undefined;
  #isV2 = false;
  #featuresEpoch = -1;
  #failure: Error | undefined;
  /** True once anything of it may be known to the cluster. */
  #isStarted = false;
  /** True: only a new epoch makes sure of what the cluster knows. */
  #needsNewEpoch = false;
  readonly #added = new Set<PartitionBatches>();
  readonly #toAdd = new Set<PartitionBatches>();
  #adding: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(options: TransactionOptions) {
    this.#options = options;
    this.transactionalId = options.transactionalId;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** @throws the failure, or `WRITER_FAILED`: nothing was begun */
  requireOpen(): void {
    this.#checkOpen();
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get isFinished(): boolean {
    return this.#state === "finished";
  }

  /** True if the transaction needs an end. */
  get isUnfinished(): boolean {
    return this.#state === "open" || this.#state === "ending" || this.#state === "failed";
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined || this.#state === "ready";
  }

  get identity(): ProducerIdentity | undefined {
    return this.#identity;
  }

  get isFirstSequenceChecked(): boolean {
    return this.#isV2;
  }

  get produceVersions(): { readonly versionMin?: number; readonly versionMax?: number } {
    return this.#isV2 ? { versionMin: 12 } : { versionMax: 11 };
  }

  admits(owner: PartitionBatches): boolean {
    if (this.#failure !== undefined) return false;
    if (this.#isV2 || this.#added.has(owner)) return true;
    this.#toAdd.add(owner);
    this.#startAdding();
    return false;
  }

  onSend(): void {
    this.#isStarted = true;
  }

  onRefused(batch: ProducerBatch, { code }: KafkaError): Refusal | undefined {
    if (this.hasFailed) return "fail";
    if (code !== "OUT_OF_ORDER_SEQUENCE_NUMBER") return undefined;
    return batch.owner.isBehindOther(batch) ? "retry" : "fail";
  }

  /** Its sequences can be given to others only if it is sure that no broker ever takes it. */
  canLeaveOut(batch: ProducerBatch): boolean {
    return !this.hasFailed && !batch.mayBeWritten;
  }

  onLeftOut(batch: ProducerBatch): void {
    if (batch.identity !== undefined) batch.owner.restartAt(batch);
  }

  onFailed(batch: ProducerBatch, error: Error): void {
    // Its sequence is never to be seen: the next batch of the partition would not follow.
    if (batch.identity !== undefined && !this.#isV2) this.#needsNewEpoch = true;
    this.#fail(error, "leader");
  }

  /** A record could not be appended. */
  fail(error: unknown): void {
    if (this.#state === "open") this.#fail(error, "leader");
  }

  async initialize(signal?: AbortSignal): Promise<void> {
    if (this.#state === "finished") throw this.#failure;
    if (this.#state !== "uninitialized" && this.#state !== "ready")
      throw misuse("initialize was called within a transaction; end it first");
    try {
      await this.#takeEpoch(undefined, signal);
      this.#to("ready");
    } catch (error) {
      throw severityOf(error, "coordinator") === "fatal" ? this.#finish(error) : error;
    }
  }

  begin(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === "uninitialized")
      throw misuse("a transactional writer needs initialize before begin");
    if (this.#state !== "ready") throw misuse("begin was called within a transaction");
    this.#isStarted = false;
    this.#added.clear();
    this.#toAdd.clear();
    this.#to("open");
  }

  async sendOffsets(
    offsets: readonly OffsetAndMetadata[],
    group: GroupMetadata,
    signal?: AbortSignal,
  ): Promise<void> {
    const identity = this.#checkOpen();
    if (offsets.length === 0) return;
    this.#isStarted = true;
    try {
      const sent = { identity, offsets, group, isV2: this.#isV2, signal };
      await sendOffsets(this.#options, sent).catch(async (error: unknown) => {
        const next = isFencedCommit(error) ? await group.renewed?.(signal) : undefined;
        if (next === undefined) throw error;
        await sendOffsets(this.#options, { ...sent, group: next });
      });
    } catch (error) {
      // Where nobody knows whether they were added, only a new epoch tells them apart from what comes.
      if (!this.#isV2) this.#needsNewEpoch = true;
      throw this.#fail(error, "coordinator");
    }
  }

  /** Everything must have been acknowledged. */
  async commit(signal?: AbortSignal): Promise<void> {
    const identity = this.#checkOpen();
    if (this.#isStarted) {
      this.#to("ending");
      try {
        await this.#end(identity, { committed: true, signal });
      } catch (error) {
        throw this.#failEnding(error);
      }
    }
    this.#to("ready");
  }

  /** Nothing may be in flight. */
  async abort(signal?: AbortSignal): Promise<void> {
    if (this.#state === "finished") throw this.#failure;
    if (!this.isUnfinished) return;
    await this.#adding;
    const identity = this.#identity;
    if (identity === undefined) return;
    this.#to("ending");
    try {
      if (this.#needsNewEpoch) await this.#takeEpoch(identity, signal);
      else if (this.#isStarted) await this.#end(identity, { committed: false, signal });
    } catch (error) {
      throw this.#failEnding(error);
    }
    this.#failure = undefined;
    this.#to("ready");
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#adding;
  }

  /** Makes an end of all that is not acknowledged: what is refused or lost now is not tried again. */
  giveUp(reason: Error): void {
    if (this.#state === "open" || this.#state === "ending") {
      this.#failure ??= reason;
      this.#to("failed");
    }
  }

  async #end(
    identity: ProducerIdentity,
    { committed, signal }: { readonly committed: boolean; readonly signal?: AbortSignal },
  ): Promise<void> {
    const isV2 = this.#isV2;
    const ended = await endTransaction(this.#options, { identity, committed, isV2, signal });
    if (isV2) this.#identity = ended.identity;
    await this.#learn();
    // CLIENT-7: a request that is still under way must not end the next transaction too; of version 1, none of version 2.
    if (!isV2 && (ended.wasLost || this.#isV2)) await this.#takeEpoch(identity, signal);
  }

  async #takeEpoch(resume: ProducerIdentity | undefined, signal?: AbortSignal): Promise<void> {
    const timeoutMs = this.#options.transactionTimeoutMs;
    this.#identity = await initProducerId(this.#options, { timeoutMs, resume, signal });
    this.#needsNewEpoch = false;
    this.#isStarted = false;
    await this.#learn();
  }

  /** From one transaction to the next; a coordinator that knows less than it or another did before is not believed. */
  async #learn(): Promise<void> {
    const feature = await transactionFeature(this.#options).catch(() => undefined);
    if (feature === undefined || feature.featuresEpoch < this.#featuresEpoch) return;
    this.#featuresEpoch = feature.featuresEpoch;
    this.#isV2 = feature.isV2;
  }

  #startAdding(): void {
    if (this.#toAdd.size === 0 || this.#state !== "open") return;
    this.#adding ??= this.#addPartitions().finally(() => {
      this.#adding = undefined;
      // What came after the last look, and before this.
      this.#startAdding();
    });
  }

  async #addPartitions(): Promise<void> {
    while (this.#toAdd.size > 0 && this.#state === "open" && this.#identity !== undefined) {
      const wanted = [...this.#toAdd];
      this.#toAdd.clear();
      try {
        this.#isStarted = true;
        const { signal } = this.#closing;
        await addPartitions(this.#options, this.#identity, { partitions: wanted, signal });
      } catch (error) {
        // It may or may not have been started: EndTxn would be refused in one of the cases.
        this.#needsNewEpoch = true;
        this.#fail(error, "coordinator");
        return;
      }
      for (const owner of wanted) this.#added.add(owner);
      this.#options.onOpened();
    }
  }

  #checkOpen(): ProducerIdentity {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state !== "open" || this.#identity === undefined)
      throw misuse("there is no transaction; call begin first");
    return this.#identity;
  }

  #fail(error: unknown, source: "coordinator" | "leader"): Error {
    if (severityOf(error, source) === "fatal") return this.#finish(error);
    this.#failure ??= abortableError(error);
    if (this.#state === "open" || this.#state === "ending") this.#to("failed");
    return this.#failure;
  }

  /** EndTxn had no answer, or a bad one: whether it had its effect is unknown. */
  #failEnding(error: unknown): Error {
    if (severityOf(error, "coordinator") === "fatal") return this.#finish(error);
    this.#needsNewEpoch = true;
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#failure = abortableError(failure);
    this.#to("failed");
    return failure instanceof ClusterError ? failure : this.#failure;
  }

  #finish(error: unknown): Error {
    this.#failure = fatalError(this.#options, error);
    this.#to("finished");
    return this.#failure;
  }

  #to(state: State): void {
    this.#state = state;
    this.#options.onStateChange();
  }
}

function misuse(message: string): ClusterError {
  return new ClusterError("WRITER_FAILED", message);
}

function isFencedCommit(error: unknown): boolean {
  return error instanceof ClusterError && error.code === "COMMIT_FENCED";
}
