import { ClusterError } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { Timer } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import { produceApi, type ProduceResponse } from "@millrace/protocol/definitions";
import { type CompressionName } from "@millrace/protocol/records";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { concurrentTransactionsBackoffMs, isRetriable } from "../connection/retrying.ts";
import type { Accumulator } from "./accumulator.ts";
import { mayFollow } from "./may-follow.ts";
import { batchesInFlightMax, type PartitionAppender } from "./partition-appender.ts";
import { batchOutcomes, produceRequestBody, type BatchOutcome } from "./produce-request.ts";
import type { ProducerBatch } from "./producer-batch.ts";
import type { SendGate } from "./send-gate.ts";
import { splitBatch, stampBatch, type StampOptions } from "./stamp-batch.ts";

/** Requests that may be under way to one broker at once (Kafka: `max.in.flight.requests.per.connection`). */
const requestsInFlightMax = 5;

export interface SenderOptions {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly accumulator: Accumulator;
  readonly gate: SendGate;
  readonly compression: CompressionName;
  readonly requestBytesMax: number;
  readonly deliveryTimeoutMs: number;
}

/** What waits for one broker. */
interface NodeQueue {
  readonly nodeId: number;
  inFlightCount: number;
  readonly ready: Set<PartitionAppender>;
}

/**
 * Sends sealed batches to the leaders of their partitions, one request for many partitions, and takes
 * the answers. Sends from within `append` as soon as a batch is full and the broker has room: there is
 * no timer and no turn in between.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #nodes = new Map<number, NodeQueue>();
  /** Partitions with batches and without a leader. */
  readonly #homeless = new Set<PartitionAppender>();
  readonly #unlisten: () => void;
  #retryTimer: Timer | undefined;
  #retryTimerMs = Infinity;
  #expiryTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#unlisten = options.context.metadata.onChange(() => this.#reroute());
  }

  /** Gives up what is not with a broker. */
  drop(cause: unknown): void {
    for (const batch of this.#options.accumulator.takeUnsent()) this.#fail(batch, cause);
  }

  /** A partition has something to send. */
  enqueue(appender: PartitionAppender): void {
    if (this.#isClosed) return;
    this.#watchExpiry();
    const node = this.#route(appender);
    if (node !== undefined) this.#kick(node);
  }

  /** Something has changed: tries all. */
  wake(): void {
    for (const node of this.#nodes.values()) this.#kick(node);
  }

  close(): void {
    this.#isClosed = true;
    this.#unlisten();
    this.#retryTimer?.cancel();
    this.#expiryTimer?.cancel();
  }

  #route(appender: PartitionAppender): NodeQueue | undefined {
    const { metadata } = this.#options.context;
    const nodeId = metadata.leaderId(appender.topic, appender.partition);
    if (nodeId === undefined) {
      this.#nodes.get(appender.nodeId)?.ready.delete(appender);
      appender.nodeId = -1;
      this.#homeless.add(appender);
      metadata.track([appender.topic]);
      metadata.requestRefresh();
      return undefined;
    }
    if (nodeId !== appender.nodeId) {
      this.#nodes.get(appender.nodeId)?.ready.delete(appender);
      appender.nodeId = nodeId;
    }
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = { nodeId, inFlightCount: 0, ready: new Set() };
      this.#nodes.set(nodeId, node);
    }
    node.ready.add(appender);
    return node;
  }

  /** Leaders may have moved. */
  #reroute(): void {
    const waiting = [...this.#homeless];
    this.#homeless.clear();
    for (const { ready } of this.#nodes.values()) waiting.push(...ready);
    for (const appender of waiting) this.#routeQuietly(appender);
    this.wake();
  }

  /** Without asking for another refresh at once: the pause of retries does that. */
  #routeQuietly(appender: PartitionAppender): void {
    const { metadata, platform } = this.#options.context;
    if (metadata.leaderId(appender.topic, appender.partition) !== undefined) {
      this.#route(appender);
      return;
    }
    const error = metadata.topicError(appender.topic);
    if (error !== undefined && !error.retriable) {
      for (const batch of appender.queue.splice(0)) this.#fail(batch, error);
      return;
    }
    this.#homeless.add(appender);
    this.#retryAt(platform.clock.monotonicMs() + this.#options.context.options.retryBackoffMs);
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
    const { gate, requestBytesMax, context } = this.#options;
    if (gate.identity === undefined) return [];
    const now = context.platform.clock.monotonicMs();
    const batches: ProducerBatch[] = [];
    let bytes = 0;
    for (const appender of node.ready) {
      const batch = appender.queue.at(0);
      if (batch === undefined) {
        node.ready.delete(appender);
        continue;
      }
      if (bytes + batch.sizeBytes > requestBytesMax && batches.length > 0) break;
      if (appender.notBeforeMs > now) this.#retryAt(appender.notBeforeMs);
      else if (
        appender.inFlight.length < batchesInFlightMax &&
        mayFollow(appender, gate) &&
        gate.admits(appender)
      ) {
        bytes += batch.sizeBytes;
        appender.queue.shift();
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
    try {
      stampBatch(batch, this.#stampOptions());
      batch.owner.inFlight.push(batch);
      batch.attempts++;
      this.#options.gate.onSend(batch.owner);
      return true;
    } catch (error) {
      this.#fail(batch, error);
      return false;
    }
  }

  #stampOptions(): StampOptions {
    const { gate, compression, context } = this.#options;
    const { identity } = gate;
    return {
      identity: identity ?? { producerId: -1, producerEpoch: -1 },
      isTransactional: gate.transactionalId !== null,
      compression,
      codecs: context.options.codecs,
    };
  }

  #send(node: NodeQueue, batches: readonly ProducerBatch[]): void {
    const { context, lane, gate } = this.#options;
    const { requestTimeoutMs } = context.options;
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
          // The broker has its own time for its replicas; the connection a little more.
          timeoutMs: requestTimeoutMs + 5_000,
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
      if (isRetriable(error)) this.#retry(batch, error);
      else this.#fail(batch, error);
    }
    this.#options.context.metadata.requestRefresh();
    this.wake();
  }

  #take({ batch, error, baseOffset, currentLeader }: BatchOutcome): void {
    const { accumulator, context, gate } = this.#options;
    const { owner } = batch;
    owner.removeInFlight(batch);
    if (error === undefined || error.code === "DUPLICATE_SEQUENCE_NUMBER") {
      owner.failures = 0;
      owner.provenIdentity = batch.identity;
      if (baseOffset >= 0) accumulator.markWritten(owner, baseOffset + batch.recordCount);
      batch.complete((index) => (baseOffset < 0 ? -1 : baseOffset + index));
      accumulator.settle(batch);
      return;
    }
    if (error.code === "MESSAGE_TOO_LARGE" && batch.recordCount > 1) {
      this.#split(batch);
      return;
    }
    const refusal = gate.onRefused(batch, error) ?? (error.retriable ? "retry" : "fail");
    if (refusal === "fail") {
      this.#fail(batch, error);
      return;
    }
    const isNews =
      currentLeader.leaderId >= 0 && context.metadata.learnLeader(owner, currentLeader);
    if (!isNews && movesLeaders(error)) context.metadata.requestRefresh();
    this.#retry(batch, error, isNews);
  }

  #retry(batch: ProducerBatch, error: unknown, isAtOnce = false): void {
    const { context, deliveryTimeoutMs, gate } = this.#options;
    const { owner } = batch;
    const now = context.platform.clock.monotonicMs();
    if (gate.hasFailed) {
      this.#fail(batch, error);
      return;
    }
    if (now - batch.createdMs >= deliveryTimeoutMs) {
      this.#fail(batch, overdue(owner, deliveryTimeoutMs, error));
      return;
    }
    const { retryBackoffMs, retryBackoffMsMax } = context.options;
    const isBusy = error instanceof KafkaError && error.code === "CONCURRENT_TRANSACTIONS";
    const delayMs = isAtOnce
      ? 0
      : isBusy
        ? concurrentTransactionsBackoffMs
        : Math.min(retryBackoffMsMax, retryBackoffMs * 2 ** Math.min(owner.failures, 10));
    if (!isBusy) owner.failures++;
    owner.notBeforeMs = now + delayMs;
    owner.requeue(batch);
    this.#routeQuietly(owner);
  }

  #split(batch: ProducerBatch): void {
    const { accumulator, context } = this.#options;
    const { owner } = batch;
    try {
      const [first, second] = splitBatch(batch, this.#stampOptions());
      accumulator.addHalf(first);
      accumulator.addHalf(second);
      batch.completeBy(first, second);
      accumulator.settle(batch);
      owner.requeue(first);
      owner.requeue(second);
      context.platform.logger.log("info", "batch-split", {
        topic: owner.topic,
        partition: owner.partition,
        records: batch.recordCount,
      });
      this.#routeQuietly(owner);
    } catch (error) {
      this.#fail(batch, error);
    }
  }

  #fail(batch: ProducerBatch, cause: unknown): void {
    const { topic, partition } = batch.owner;
    const error = clusterErrorOf(`records for ${topic}-${partition}`, cause);
    this.#options.gate.onFailed(batch, error);
    batch.fail(error);
    this.#options.accumulator.settle(batch);
  }

  #retryAt(timeMs: number): void {
    if (timeMs >= this.#retryTimerMs) return;
    const { clock, timers } = this.#options.context.platform;
    this.#retryTimer?.cancel();
    this.#retryTimerMs = timeMs;
    this.#retryTimer = timers.after(Math.max(0, timeMs - clock.monotonicMs()), () => {
      this.#retryTimer = undefined;
      this.#retryTimerMs = Infinity;
      if (this.#homeless.size > 0) this.#options.context.metadata.requestRefresh();
      this.wake();
    });
  }

  #watchExpiry(): void {
    if (this.#expiryTimer !== undefined) return;
    const { context, deliveryTimeoutMs } = this.#options;
    this.#expiryTimer = context.platform.timers.after(deliveryTimeoutMs / 4, () => {
      this.#expiryTimer = undefined;
      this.#expire();
      if (this.#options.accumulator.hasUnsettled) this.#watchExpiry();
    });
  }

  #expire(): void {
    const { context, accumulator, deliveryTimeoutMs } = this.#options;
    const latestMs = context.platform.clock.monotonicMs() - deliveryTimeoutMs;
    context.metadata.refreshIfOld();
    for (const appender of accumulator.appenders) {
      for (let head = appender.queue.at(0); head !== undefined; head = appender.queue.at(0)) {
        if (head.createdMs > latestMs) break;
        appender.queue.shift();
        this.#fail(head, overdue(appender, deliveryTimeoutMs, undefined));
      }
    }
  }
}

function movesLeaders({ code }: KafkaError): boolean {
  return code !== "CONCURRENT_TRANSACTIONS" && code !== "OUT_OF_ORDER_SEQUENCE_NUMBER";
}

function overdue({ topic, partition }: TopicPartition, timeoutMs: number, cause: unknown): Error {
  return new ClusterError(
    "REQUEST_TIMED_OUT",
    `records for ${topic}-${partition} were not acknowledged within ${timeoutMs} ms; ` +
      "are the brokers there, and is the topic?",
    { retriable: true, cause },
  );
}
