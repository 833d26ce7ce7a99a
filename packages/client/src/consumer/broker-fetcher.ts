import { KafkaError } from "@millrace/protocol";
import { fetchApi, type FetchResponse } from "@millrace/protocol/definitions";

import type { BackgroundWork } from "../connection/background-work.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import type { FetchSession, FetchTarget } from "./fetch-session.ts";

export interface BrokerFetcherOptions {
  readonly nodeId: number;
  readonly isCommitted: boolean;
  readonly waitMsMax: number;
  /** With the broker. It outlasts a fetcher that is abandoned. */
  readonly session: FetchSession;
  /** Connections of its own, so that a long poll holds nobody up. */
  readonly lane: BrokerLane;
  /** Takes a row of a response. */
  readonly onPartition: (
    target: FetchTarget,
    data: FetchResponse["responses"][number]["partitions"][number],
  ) => void;
  /** The broker cannot be asked at the moment. */
  readonly onFailure: (error: unknown, targets: readonly FetchTarget[]) => void;
  readonly onIdle: () => void;
  /** Owns the fetches. */
  readonly background: BackgroundWork;
}

/** What one fetch asks for. */
export interface FetchPlan {
  readonly targets: readonly FetchTarget[];
  readonly responseBytesMax: number;
  /** True: some partitions are held back, and may want to be asked soon. */
  readonly isHeldBack: boolean;
}

/** How long a broker may hold a fetch while some partitions are held back: they may want to be asked soon. */
const shortWaitMs = 10;

/** Fetches from one broker: one request at a time, in a session. */
export class BrokerFetcher {
  readonly nodeId: number;
  readonly #options: BrokerFetcherOptions;
  #isAbandoned = false;
  #isFetching = false;

  constructor(options: BrokerFetcherOptions) {
    this.nodeId = options.nodeId;
    this.#options = options;
  }

  get isFetching(): boolean {
    return this.#isFetching;
  }

  /** Drops what is on its way; the fetcher is not used any more. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** Sends a fetch unless one is on its way. Never throws. */
  fetch(plan: FetchPlan): void {
    if (this.#isFetching || plan.targets.length === 0 || this.#isAbandoned) return;
    this.#isFetching = true;
    const fetching = this.#exchange(plan).finally(() => {
      this.#isFetching = false;
      if (!this.#isAbandoned) this.#options.onIdle();
    });
    this.#options.background.begin(fetching);
  }

  async #exchange({ targets, responseBytesMax, isHeldBack }: FetchPlan): Promise<void> {
    const { lane, nodeId, onFailure, waitMsMax, session } = this.#options;
    try {
      const response = await lane.link(nodeId).call({
        api: fetchApi,
        versionMax: targets.every(({ topicId }) => topicId !== undefined) ? 17 : 12,
        body: (version) => ({
          replicaId: -1,
          maxWaitMs: isHeldBack ? Math.min(shortWaitMs, waitMsMax) : waitMsMax,
          minBytes: 1,
          maxBytes: responseBytesMax,
          isolationLevel: this.#options.isCommitted ? 1 : 0,
          ...session.next(targets, version),
        }),
      });
      if (this.#isAbandoned) return;
      throwIfError(response.errorCode);
      session.succeeded(response.sessionId);
      this.#take(response);
    } catch (error) {
      if (this.#isAbandoned) return;
      session.reset();
      if (!isSessionError(error)) onFailure(error, targets.filter(isAwaited));
    }
  }

  #take(response: FetchResponse): void {
    for (const { topic, topicId, partitions } of response.responses) {
      for (const data of partitions) {
        const target = this.#options.session.find(topic, topicId, data.partitionIndex);
        if (target !== undefined && isAwaited(target)) this.#options.onPartition(target, data);
      }
    }
  }
}

/**
 * Not where the partition was given up or moved, nor where another broker, which leads it by now, has answered meanwhile:
 * nothing that a former leader says of an offset before counts any more.
 */
function isAwaited({ assigned, fetchOffset }: FetchTarget): boolean {
  return assigned.isCurrent && assigned.fetchOffset === fetchOffset;
}

function isSessionError(error: unknown): boolean {
  return (
    error instanceof KafkaError &&
    (error.code === "FETCH_SESSION_ID_NOT_FOUND" ||
      error.code === "INVALID_FETCH_SESSION_EPOCH" ||
      error.code === "FETCH_SESSION_TOPIC_ID_ERROR")
  );
}
