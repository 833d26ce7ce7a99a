import { ClusterError } from "@millrace/cluster";
import { NetworkError, type Connection, type Platform, type Timer } from "@millrace/platform";
import { decodeCorrelationId, FrameSplitter, ProtocolError } from "@millrace/protocol";
import { RequestFailure } from "./request-failure.ts";
import { isRefusedForGood } from "./unreachable-broker.ts";

/** Requests that may wait for answers on one connection: beyond it a caller has lost its bound. */
export const requestsInFlightMax = 256;

export interface BrokerConnectionOptions {
  readonly platform: Platform;
  /** For messages. */
  readonly address: string;
  /** Answers beyond it close the connection. */
  readonly responseBytesMax: number;
  /** What the client does not do, and a listener may want before it answers. */
  readonly lacks: readonly ("sasl" | "ssl")[];
  /** Told once, when the connection is gone. */
  readonly onClosed: (cause: unknown) => void;
}

interface InFlight {
  readonly correlationId: number;
  /** Names the API, for messages. */
  readonly what: string;
  readonly deadlineMs: number;
  readonly settle: (frame: Uint8Array) => void;
  readonly reject: (failure: unknown) => void;
}

/**
 * Requests and answers on one connection, matched in order: a broker answers in the order in which
 * it was asked (`CLIENT-1`). A request that is overdue closes the connection, as in Kafka: what comes
 * later would be answers to questions that nobody remembers.
 */
export class BrokerConnection {
  readonly #connection: Connection;
  readonly #options: BrokerConnectionOptions;
  readonly #splitter: FrameSplitter;
  readonly #inFlight: InFlight[] = [];
  #nextCorrelationId = 0;
  #answeredCount = 0;
  #timer: Timer | undefined;
  #timerDeadlineMs = Infinity;
  #isClosed = false;
  #closeCause: unknown;

  constructor(connection: Connection, options: BrokerConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#splitter = new FrameSplitter(options.responseBytesMax);
    connection.handler = {
      data: (chunk) => this.#receive(chunk),
      drained: () => {},
      closed: (error) => this.#finish(error),
    };
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  get inFlightCount(): number {
    return this.#inFlight.length;
  }

  /** How long until the last answer that is awaited is overdue. */
  get dueMs(): number {
    const nowMs = this.#options.platform.clock.monotonicMs();
    return Math.max(0, ...this.#inFlight.map(({ deadlineMs }) => deadlineMs - nowMs));
  }

  /**
   * Writes a request at once. The answer's frame is decoded as soon as it is there; what `decode`
   * throws closes the connection.
   */
  exchange<T>(
    what: string,
    encode: (correlationId: number) => readonly Uint8Array[],
    { timeoutMs, decode }: { timeoutMs: number; decode: (frame: Uint8Array) => T },
  ): Promise<T> {
    const { address, platform } = this.#options;
    if (this.#isClosed) {
      return Promise.reject(
        new RequestFailure("BROKER_UNREACHABLE", `the connection to ${address} is closed`, {
          wasSent: false,
          cause: this.#closeCause,
        }),
      );
    }
    if (this.#inFlight.length >= requestsInFlightMax) {
      return Promise.reject(
        new RequestFailure(
          "REQUEST_TIMED_OUT",
          `${requestsInFlightMax} requests wait for ${address} already; try again later`,
          { wasSent: false },
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const correlationId = this.#nextCorrelationId;
      this.#nextCorrelationId = (correlationId + 1) & 0x7fffffff;
      const parts = encode(correlationId);
      const deadlineMs = platform.clock.monotonicMs() + timeoutMs;
      const settle = (frame: Uint8Array) => resolve(decode(frame));
      this.#inFlight.push({ correlationId, what, deadlineMs, settle, reject });
      this.#watch(deadlineMs);
      this.#connection.write(parts);
    });
  }

  /** Closes at once; requests under way are rejected. Twice is fine. */
  close(cause: unknown): void {
    if (this.#isClosed) return;
    this.#connection.destroy();
    this.#finish(cause);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#splitter.push(chunk);
      for (let frame = this.#splitter.next(); frame !== undefined; frame = this.#splitter.next()) {
        this.#answer(frame);
        if (this.#isClosed) return;
      }
    } catch (cause) {
      this.close(this.#answeredCount === 0 && isTlsAlert(chunk) ? speaksTls(cause) : cause);
    }
  }

  #answer(frame: Uint8Array): void {
    const correlationId = decodeCorrelationId(frame);
    const first = this.#inFlight[0];
    if (first === undefined || first.correlationId !== correlationId) {
      throw new ProtocolError(
        "MALFORMED_MESSAGE",
        `answer ${correlationId} came where ${first?.correlationId ?? "none"} was due; is it Kafka?`,
      );
    }
    // Decoded while it is the first still: what it throws rejects it together with the others.
    first.settle(frame);
    this.#inFlight.shift();
    this.#answeredCount++;
  }

  #watch(deadlineMs: number): void {
    if (deadlineMs >= this.#timerDeadlineMs) return;
    this.#timer?.cancel();
    this.#timerDeadlineMs = deadlineMs;
    const { clock, timers } = this.#options.platform;
    this.#timer = timers.after(Math.max(0, deadlineMs - clock.monotonicMs()), () => this.#check());
  }

  #check(): void {
    this.#timer = undefined;
    this.#timerDeadlineMs = Infinity;
    if (this.#isClosed || this.#inFlight.length === 0) return;
    const now = this.#options.platform.clock.monotonicMs();
    const overdue = this.#inFlight.find(({ deadlineMs }) => deadlineMs <= now);
    if (overdue !== undefined) {
      this.close(
        new RequestFailure(
          "REQUEST_TIMED_OUT",
          `${this.#options.address} did not answer ${overdue.what} in time; is it overloaded?`,
          { wasSent: true },
        ),
      );
      return;
    }
    this.#watch(Math.min(...this.#inFlight.map(({ deadlineMs }) => deadlineMs)));
  }

  /**
   * A broker that wants to know who comes closes the connection of whoever asks something before; one that wants TLS
   * answers nothing.
   */
  #wanted(): NetworkError | undefined {
    const { lacks } = this.#options;
    const isFirst = this.#answeredCount < (lacks.includes("sasl") ? 2 : 1);
    if (!isFirst || lacks.length === 0) return undefined;
    return new NetworkError(
      "CONNECTION_RESET",
      `the broker closed the connection at the first request: does that listener want ${lacks.join(", or ")}?`,
    );
  }

  #finish(given: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { address, onClosed } = this.#options;
    const cause = given ?? this.#wanted();
    this.#closeCause = cause;
    this.#timer?.cancel();
    for (const { what, reject } of this.#inFlight.splice(0)) {
      reject(
        isRefusedForGood(cause) || (cause instanceof ClusterError && !cause.retriable)
          ? cause
          : new RequestFailure(
              cause instanceof RequestFailure && cause.code === "REQUEST_TIMED_OUT"
                ? "REQUEST_TIMED_OUT"
                : "BROKER_UNREACHABLE",
              `the connection to ${address} was lost before ${what} was answered`,
              { wasSent: true, cause },
            ),
      );
    }
    onClosed(cause);
  }
}

/** How TLS refuses what is no TLS (RFC 8446, 5.1). */
function isTlsAlert(chunk: Uint8Array): boolean {
  return chunk[0] === 0x15 && chunk[1] === 0x03;
}

function speaksTls(cause: unknown): ProtocolError {
  return new ProtocolError("MALFORMED_MESSAGE", "that listener speaks TLS: give ssl", { cause });
}
