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

/** How clients of a listener have come in. */
class SignInCounts {
  readonly listener: string;
  succeeded = 0;
  failed = 0;
  succeededAgain = 0;
  failedAgain = 0;
  failedHandshakes = 0;

  constructor(listener: string) {
    this.listener = listener;
  }
}

/** Connections and requests, of all listeners. */
export class RequestMetrics {
  readonly #clock: Clock;
  /** By API key. */
  readonly #apis: ApiCounts[] = [];
  readonly #signIns = new Map<string, SignInCounts>();
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

  /** A step of SASL was answered: of a connection that comes, or that authenticates again. */
  authenticated(
    listener: string,
    step: { readonly isAgain: boolean; readonly hasFailed: boolean; readonly isDone: boolean },
  ): void {
    const counts = this.#signInsOf(listener);
    if (step.hasFailed) counts[step.isAgain ? "failedAgain" : "failed"]++;
    else if (step.isDone) counts[step.isAgain ? "succeededAgain" : "succeeded"]++;
  }

  /** Of TLS, which Kafka counts among the authentications that failed, too. */
  handshakeFailed(listener: string): void {
    const counts = this.#signInsOf(listener);
    counts.failedHandshakes++;
    counts.failed++;
  }

  /** From now on there is something to tell of it. */
  listening(listener: string): void {
    this.#signInsOf(listener);
  }

  /** Of all listeners. */
  signIns(): Iterable<SignInCounts> {
    return this.#signIns.values();
  }

  #signInsOf(listener: string): SignInCounts {
    const known = this.#signIns.get(listener);
    if (known !== undefined) return known;
    const counts = new SignInCounts(listener);
    this.#signIns.set(listener, counts);
    return counts;
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
