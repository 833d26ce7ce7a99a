import type { Counter, Platform } from "@millrace/platform";
import type { Fields } from "@millrace/protocol";
import type { Answer, ApiCall, BrokerLink } from "./api-call.ts";

/** Counts requests, failures and the time they took, under Kafka's names. */
export interface RequestMetrics {
  readonly requests: Counter;
  readonly failures: Counter;
  readonly latencyMs: Counter;
}

export function requestMetrics(platform: Platform, clientId: string): RequestMetrics {
  const tags = { "client-id": clientId };
  return {
    requests: platform.metrics.counter("request-total", tags),
    failures: platform.metrics.counter("request-failure-total", tags),
    latencyMs: platform.metrics.counter("request-latency-ms-total", tags),
  };
}

/** A link that counts what passes through it. */
export class MeteredLink implements BrokerLink {
  readonly #inner: BrokerLink;
  readonly #platform: Platform;
  readonly #metrics: RequestMetrics;

  constructor(inner: BrokerLink, platform: Platform, metrics: RequestMetrics) {
    this.#inner = inner;
    this.#platform = platform;
    this.#metrics = metrics;
  }

  call<Q extends Fields, A extends Fields>(call: ApiCall<Q, A>): Promise<Answer<A>> {
    const { requests, failures, latencyMs } = this.#metrics;
    const { clock } = this.#platform;
    const startMs = clock.monotonicMs();
    requests.add(1);
    const answer = this.#inner.call(call);
    answer.then(
      () => latencyMs.add(clock.monotonicMs() - startMs),
      () => failures.add(1),
    );
    return answer;
  }
}
