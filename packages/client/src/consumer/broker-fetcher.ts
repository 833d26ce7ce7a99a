import { fetchApi, KafkaError, type FetchResponse } from "@millrace/protocol";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import type { FetchPartition } from "./fetch-partition.ts";
import { FetchSession, type WantedPartition } from "./fetch-session.ts";
import { fetchRequestBody, type FetchLimits } from "./fetch-request.ts";

/** What one broker answered of one partition that was asked for. */
export interface PartitionAnswer {
  readonly fetch: FetchPartition;
  /** What was asked for: the answer counts only if it is wanted still. */
  readonly fetchOffset: number;
  readonly row: FetchResponse["responses"][number]["partitions"][number];
}

export interface FetcherOptions {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly nodeId: number;
  readonly onAnswer: (answers: readonly PartitionAnswer[], response: FetchResponse) => void;
  /** Told of a request that failed as a whole, with all that it asked for. */
  readonly onFailure: (error: unknown, partitions: readonly FetchPartition[]) => void;
}

/** Fetches from one broker: one request at a time, in a session. */
export class BrokerFetcher {
  readonly #options: FetcherOptions;
  readonly #session = new FetchSession();
  /** Partitions of the request under way. */
  #asked: ReadonlySet<FetchPartition> | undefined;
  /** Grows when the request under way is abandoned. */
  #generation = 0;
  /** Bytes that the request under way may bring. */
  reservedBytes = 0;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#asked !== undefined;
  }

  /** True if the request under way asks for the partition where it stands. */
  asksFor(fetch: FetchPartition): boolean {
    return this.#asked?.has(fetch) === true;
  }

  send(wanted: readonly WantedPartition[], limits: FetchLimits): void {
    const { context, lane, nodeId, onFailure, onAnswer } = this.#options;
    const usesIds = wanted.every(({ fetch }) => fetch.topicId !== undefined);
    const request = this.#session.next(wanted, usesIds);
    const generation = ++this.#generation;
    const partitions = wanted.map(({ fetch }) => fetch);
    this.#asked = new Set(partitions);
    this.reservedBytes = Math.min(limits.maxBytes, wanted.length * limits.partitionBytesMax);
    const offsets = new Map(partitions.map((fetch) => [fetch, fetch.fetchOffset]));
    const isCurrent = () => {
      if (generation !== this.#generation) return false;
      this.#asked = undefined;
      this.reservedBytes = 0;
      return true;
    };
    call().then(
      (answer) => {
        if (!isCurrent()) return;
        const error = answer.errorCode === 0 ? undefined : KafkaError.of(answer.errorCode);
        if (error !== undefined) {
          if (error.code === "FETCH_SESSION_ID_NOT_FOUND") this.#session.forget();
          else this.#session.reset();
          onFailure(error, partitions);
          return;
        }
        this.#session.answered(answer.sessionId);
        onAnswer(answersOf(answer, partitions, offsets), answer);
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        this.#session.reset();
        onFailure(error, partitions);
      },
    );

    async function call(): Promise<FetchResponse> {
      return lane.link(nodeId).call({
        api: fetchApi,
        versionMax: usesIds ? undefined : 12,
        body: fetchRequestBody(request, limits),
        timeoutMs: context.options.requestTimeoutMs + limits.maxWaitMs,
      });
    }
  }

  /**
   * Gives up the request under way, with its connection: a broker answers in order, and may hold this
   * one back for as long as it was allowed to wait.
   */
  abandon(): void {
    if (!this.isBusy) return;
    this.#generation++;
    this.#asked = undefined;
    this.reservedBytes = 0;
    this.#session.reset();
    const { lane, nodeId, context } = this.#options;
    if (context.metadata.brokers.has(nodeId))
      lane.link(nodeId).connection.reset("a fetch was given up for another one");
  }
}

function answersOf(
  answer: FetchResponse,
  partitions: readonly FetchPartition[],
  offsets: ReadonlyMap<FetchPartition, number>,
): readonly PartitionAnswer[] {
  const byTopic = new Map<string, Map<number, FetchPartition>>();
  for (const fetch of partitions) {
    for (const key of [fetch.topic, fetch.topicId]) {
      if (key === undefined) continue;
      const own = byTopic.get(key) ?? new Map<number, FetchPartition>();
      own.set(fetch.partition, fetch);
      byTopic.set(key, own);
    }
  }
  const answers: PartitionAnswer[] = [];
  for (const { topic, topicId, partitions: rows } of answer.responses) {
    const own = byTopic.get(topic === "" ? topicId : topic);
    if (own === undefined) continue;
    for (const row of rows) {
      const fetch = own.get(row.partitionIndex);
      if (fetch !== undefined)
        answers.push({ fetch, fetchOffset: offsets.get(fetch) ?? -1, row });
    }
  }
  return answers;
}
