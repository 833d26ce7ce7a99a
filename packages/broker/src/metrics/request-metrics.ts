import type { Clock } from "@millrace/platform";
import type { Api } from "@millrace/protocol";

/** What is counted of an API. */
class ApiCounts {
  readonly api: string;
  requests = 0;
  errors = 0;
  requestBytes = 0;
  totalMs = 0;

  constructor(api: string) {
    this.api = api;
  }
}

/** A request that is worked on. */
export class ServedRequest {
  readonly bytes: number;
  readonly #counts: ApiCounts;
  readonly #clock: Clock;
  readonly #startMs: number;

  constructor(counts: ApiCounts, clock: Clock, bytes: number) {
    this.bytes = bytes;
    this.#counts = counts;
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
    counts.requests++;
    counts.requestBytes += bytes;
  }

  ended(failure: Error | undefined, response: unknown): void {
    this.#counts.totalMs += this.#clock.monotonicMs() - this.#startMs;
    if (failure !== undefined || hasErrorCode(response)) this.#counts.errors++;
  }
}

/** Connections and requests, of all listeners. */
export class RequestMetrics {
  readonly #clock: Clock;
  /** By API key. */
  readonly #apis: ApiCounts[] = [];
  acceptedConnections = 0;
  refusedConnections = 0;
  slowRequests = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin({ key, name }: Api, bytes: number): ServedRequest {
    const counts = (this.#apis[key] ??= new ApiCounts(name));
    return new ServedRequest(counts, this.#clock, bytes);
  }

  /** Of APIs that were asked for. */
  apis(): readonly ApiCounts[] {
    return this.#apis.filter((counts) => counts !== undefined);
  }
}

function hasErrorCode(response: unknown): boolean {
  if (typeof response !== "object" || response === null || !("errorCode" in response)) return false;
  return response.errorCode !== undefined && response.errorCode !== 0;
}
