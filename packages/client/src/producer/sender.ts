import type { RefusalDecision, WriteRefusal } from "@millrace/cluster";
import type { Timer } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import { produceApi, type ProduceResponse } from "@millrace/protocol/definitions";
import { type CompressionName } from "@millrace/protocol/records";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { RequestFailure } from "../connection/request-failure.ts";
import { concurrentTransactionsBackoffMs, isRetriable } from "../connection/retrying.ts";
import type { Accumulator } from "./accumulator.ts";
import { DeliveryExpiry } from "./delivery-expiry.ts";
import { LeaderQueues, type NodeQueue } from "./leader-queues.ts";
import { mayFollow } from "./may-follow.ts";
import {
  batchesInFlightMax,
  type PartitionBatches,
  type ProducerBatch,
} from "./partition-batches.ts";
import { batchOutcomes, produceRequestBody, type BatchOutcome } from "./produce-request.ts";
import { RefusedBatches } from "./refused-batches.ts";
import type { SendGate } from "./send-gate.ts";
import { stampBatch } from "./stamp-batch.ts";
import { leavesOutcomeOpen, overdueError } from "./write-error.ts";

/** Requests that may be under way to one broker at once (Kafka: `max.in.flight.requests.per.connection`). */
const requestsInFlightMax = 5;

/** The broker has its own time for its replicas; the connection has a little more. */
const brokerGraceMs = 5_000;
/** Time for an answer that every request has, however old what it carries is. */
const answerMsMin = 1_000;

export interface SenderOptions {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly accumulator: Accumulator;
  readonly gate: SendGate;
  readonly compression: CompressionName;
  readonly requestBytesMax: number;
  readonly deliveryTimeoutMs: number;
  readonly onRefused: ((refusal: WriteRefusal) => RefusalDecision) | undefined;
}

/**
 * Sends sealed batches to the leaders of their partitions, one request for many partitions, and takes
 * the answers. Sends from within `append` as soon as a batch is full and the broker has room: there is
 * no timer and no turn in between.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #queues: LeaderQueues;
  readonly #refused: RefusedBatches;
  readonly #expiry: DeliveryExpiry;
  readonly #unlisten: () => void;
  #retryTimer: Timer | undefined;
  #retryTimerMs = Infinity;
  #isClosed = false;

  constructor(options: SenderOptions) {
    const { context, accumulator, gate, onRefused, deliveryTimeoutMs } = options;
    this.#options = options;
    this.#queues = new LeaderQueues(context.metadata);
    this.#refused = new RefusedBatches({
      accumulator,
      gate,
      codecs: context.options.codecs,
      onRefused,
      onRequeued: (owner) => this.#placeAgain(owner),
    });
    this.#expiry = new DeliveryExpiry({
      platform: context.platform,
      accumulator,
      deliveryTimeoutMs,
      onExpired: (batch, owner) => this.#giveUpOverdue(batch, owner.lastError),
    });
    this.#unlisten = context.metadata.onChange(() => this.#placeAllAgain());
  }

  /** Gives up what is not with a broker. */
  drop(cause: unknown): void {
    for (const batch of this.#options.accumulator.takeUnsent()) this.#refused.fail(batch, cause);
  }

  /** A partition has something to send. */
  enqueue(owner: PartitionBatches): void {
    if (this.#isClosed) return;
    this.#expiry.watch();
    const { metadata } = this.#options.context;
    metadata.track([owner.topic]);
    const node = this.#queues.place(owner);
    if (node !== undefined) this.#kick(node);
    else metadata.requestRefresh();
  }

  /** Something has changed: tries all. */
  wake(): void {
    for (const node of this.#queues.nodes) this.#kick(node);
  }

  /** What is with a broker is given up too: its answer will not be heard. */
  close(cause: unknown): void {
    this.drop(cause);
    this.#isClosed = true;
    for (const { inFlight } of this.#options.accumulator.partitions)
      for (const batch of inFlight.splice(0)) this.#refused.fail(batch, cause);
    this.#unlisten();
    this.#retryTimer?.cancel();
    this.#expiry.close();
  }

  /** Leaders may have moved. */
  #placeAllAgain(): void {
    const waiting = this.#queues.takeWaiting();
    this.#options.context.metadata.track(waiting.map(({ topic }) => topic));
    for (const owner of waiting) this.#placeAgain(owner);
    this.wake();
  }

  /** Without asking for another refresh at once: the pause of retries does that. */
  #placeAgain(owner: PartitionBatches): void {
    const { context } = this.#options;
    if (this.#queues.place(owner) !== undefined) return;
    const error = context.metadata.topicError(owner.topic);
    const ofPartition = context.metadata.partitionError(owner.topic, owner.partition);
    if (error !== undefined) owner.lastError = error;
    else if (ofPartition !== undefined && !isOfStorage(owner.lastError))
      owner.lastError = ofPartition;
    if (error !== undefined && !error.retriable)
      for (const batch of owner.queue.splice(0)) this.#refused.refuse(batch, error);
    else this.#retryAt(context.platform.clock.monotonicMs() + context.options.retryBackoffMs);
  }

  #kick(node: NodeQueue): void {
    while (node.inFlightCount < requestsInFlightMax && node.ready.size > 0 && !this.#isClosed) {
      const batches = this.#collect(node);
      if (batches.length === 0) return;
      this.#send(node, batches);
    }
  }

  /** At most one batch of each partition, in turns. */
  #collect(node: NodeQueue): readonly ProducerBatch[] {
    const { gate, requestBytesMax, context, accumulator } = this.#options;
    if (gate.identity === undefined) return [];
    const now = context.platform.clock.monotonicMs();
    const batches: ProducerBatch[] = [];
    let bytes = 0;
    for (const owner of node.ready) {
      const batch = owner.queue.at(0);
      if (batch === undefined) {
        node.ready.delete(owner);
        continue;
      }
      if (accumulator.isHeld(batch)) continue;
      if (bytes + batch.sizeBytes > requestBytesMax && batches.length > 0) break;
      if (owner.notBeforeMs > now) this.#retryAt(owner.notBeforeMs);
      else if (
        owner.inFlight.length < batchesInFlightMax &&
        mayFollow(owner, gate) &&
        gate.admits(owner)
      ) {
        bytes += batch.sizeBytes;
        owner.queue.shift();
        batches.push(batch);
      }
    }
    for (const { owner } of batches) {
      // To the end of the line, so that all partitions have their turn.
      node.ready.delete(owner);
      if (owner.queue.length > 0) node.ready.add(owner);
    }
    return batches.filter((batch) => this.#stamp(batch));
  }

  #stamp(batch: ProducerBatch): boolean {
    const { gate, compression, context } = this.#options;
    try {
      stampBatch(batch, {
        identity: gate.identity ?? { producerId: -1, producerEpoch: -1 },
        isTransactional: gate.transactionalId !== null,
        compression,
        codecs: context.options.codecs,
      });
      batch.owner.inFlight.push(batch);
      batch.attempts++;
      gate.onSend(batch.owner);
      return true;
    } catch (error) {
      this.#refused.fail(batch, error);
      return false;
    }
  }

  #send(node: NodeQueue, batches: readonly ProducerBatch[]): void {
    const { context, lane, gate, deliveryTimeoutMs } = this.#options;
    const requestTimeoutMs = Math.min(context.options.requestTimeoutMs, deliveryTimeoutMs);
    const { body, hasTopicIds, nameOf } = produceRequestBody(context.metadata, batches, {
      transactionalId: gate.transactionalId,
      timeoutMs: requestTimeoutMs,
    });
    // Version 13 names topics by their ids alone.
    const { versionMin, versionMax = hasTopicIds ? 13 : 12 } = gate.produceVersions;
    node.inFlightCount++;
    try {
      lane
        .link(node.nodeId)
        .call({
          api: produceApi,
          versionMin,
          versionMax: Math.min(versionMax, hasTopicIds ? 13 : 12),
          body,
          timeoutMs: Math.min(
            requestTimeoutMs + brokerGraceMs,
            // Never so short that a retry has no chance.
            Math.max(answerMsMin, this.#expiry.leftMs(batches)),
          ),
        })
        .then(
          (answer) => this.#answered(node, answer, batchOutcomes(answer, batches, nameOf)),
          (error: unknown) => this.#lost(node, batches, error),
        );
    } catch (error) {
      queueMicrotask(() => this.#lost(node, batches, error));
    }
  }

  #answered(node: NodeQueue, answer: ProduceResponse, outcomes: readonly BatchOutcome[]): void {
    node.inFlightCount--;
    if (this.#isClosed) return;
    for (const { nodeId, host, port } of answer.nodeEndpoints)
      this.#options.context.metadata.learnBroker(nodeId, { host, port });
    for (const outcome of outcomes) this.#take(outcome);
    this.wake();
  }

  #lost(node: NodeQueue, batches: readonly ProducerBatch[], error: unknown): void {
    node.inFlightCount--;
    if (this.#isClosed) return;
    for (const batch of batches) {
      batch.owner.removeInFlight(batch);
      if (!(error instanceof RequestFailure) || error.wasSent) batch.mayBeWritten = true;
      if (isRetriable(error)) this.#retry(batch, error);
      else this.#refused.fail(batch, error);
    }
    this.#options.context.metadata.requestRefresh();
    this.wake();
  }

  #take({ batch, error, baseOffset, recordErrors, currentLeader }: BatchOutcome): void {
    const { accumulator, context, gate } = this.#options;
    const { owner } = batch;
    owner.removeInFlight(batch);
    if (error === undefined || error.code === "DUPLICATE_SEQUENCE_NUMBER") {
      owner.failures = 0;
      owner.lastError = undefined;
      owner.provenIdentity = batch.identity;
      if (baseOffset >= 0) accumulator.markWritten(owner, baseOffset + batch.recordCount);
      batch.complete((index) => (baseOffset < 0 ? -1 : baseOffset + index));
      accumulator.settle(batch);
      return;
    }
    if (leavesOutcomeOpen(error)) batch.mayBeWritten = true;
    // One that goes first must not wait because of one behind it.
    const isBehind = error.code === "OUT_OF_ORDER_SEQUENCE_NUMBER" && owner.isBehindOther(batch);
    const refusal = gate.onRefused(batch, error) ?? (error.retriable ? "retry" : "fail");
    if (refusal === "fail") {
      this.#refused.take(batch, error, recordErrors);
      return;
    }
    const isNews =
      currentLeader.leaderId >= 0 && context.metadata.learnLeader(owner, currentLeader);
    if (!isNews && movesLeaders(error)) context.metadata.requestRefresh();
    this.#retry(batch, error, isNews || isBehind);
  }

  #retry(batch: ProducerBatch, error: unknown, isAtOnce = false): void {
    const { context, gate } = this.#options;
    const { owner } = batch;
    if (!isAtOnce) owner.lastError = error;
    if (gate.hasFailed) {
      this.#refused.failWithOthers(batch, error);
      return;
    }
    if (this.#expiry.isOver(batch)) {
      this.#giveUpOverdue(batch, error);
      return;
    }
    const { retryBackoffMs, retryBackoffMsMax } = context.options;
    const isBusy = error instanceof KafkaError && error.code === "CONCURRENT_TRANSACTIONS";
    const delayMs = isAtOnce
      ? 0
      : isBusy
        ? concurrentTransactionsBackoffMs
        : Math.min(retryBackoffMsMax, retryBackoffMs * 2 ** Math.min(owner.failures, 10));
    if (!isBusy && !isAtOnce) owner.failures++;
    owner.notBeforeMs = context.platform.clock.monotonicMs() + delayMs;
    owner.requeue(batch);
    this.#placeAgain(owner);
  }

  #retryAt(timeMs: number): void {
    if (timeMs >= this.#retryTimerMs) return;
    const { clock, timers } = this.#options.context.platform;
    this.#retryTimer?.cancel();
    this.#retryTimerMs = timeMs;
    this.#retryTimer = timers.after(Math.max(0, timeMs - clock.monotonicMs()), () => {
      this.#retryTimer = undefined;
      this.#retryTimerMs = Infinity;
      if (this.#queues.hasHomeless) this.#options.context.metadata.requestRefresh();
      this.wake();
    });
  }

  #giveUpOverdue(batch: ProducerBatch, lastError: unknown): void {
    const { deliveryTimeoutMs } = this.#options;
    this.#refused.refuse(batch, overdueError(batch.owner, deliveryTimeoutMs, lastError));
  }
}

/** What a leader told when it lost the partition says more than that there is no leader now. */
function isOfStorage(error: unknown): boolean {
  return error instanceof KafkaError && error.code === "KAFKA_STORAGE_ERROR";
}

function movesLeaders({ code }: KafkaError): boolean {
  return code !== "CONCURRENT_TRANSACTIONS" && code !== "OUT_OF_ORDER_SEQUENCE_NUMBER";
}
