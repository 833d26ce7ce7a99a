import { ClusterError } from "@millrace/cluster";
import type { NetworkAddress, Platform } from "@millrace/platform";
import { decodeResponse, encodeRequest, type Fields } from "@millrace/protocol";
import { apiVersionsApi } from "@millrace/protocol/definitions";
import { readApiVersions, type AgreedVersions } from "./agreed-versions.ts";
import type { Answer, ApiCall, BrokerLink } from "./api-call.ts";
import { Backoff } from "./backoff.ts";
import { addressName } from "./bootstrap-servers.ts";
import { BrokerConnection } from "./broker-connection.ts";
import { RequestFailure } from "./request-failure.ts";

export interface LinkOptions {
  readonly platform: Platform;
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMsMax: number;
  readonly responseBytesMax: number;
}

const softwareName = "millrace";
const softwareVersion = "0.1.0";
/** Versions that may be offered before a broker must have agreed. */
const negotiationsMax = 3;

/**
 * A link to one address: opens the connection when it is needed, agrees upon versions, and opens it
 * again after a pause that grows with each failure. While it is open a call is written in the same
 * turn.
 */
export class ReconnectingLink implements BrokerLink {
  readonly address: NetworkAddress;
  readonly #name: string;
  readonly #options: LinkOptions;
  readonly #backoff: Backoff;
  #connection: BrokerConnection | undefined;
  #versions: AgreedVersions | undefined;
  #opening: Promise<void> | undefined;
  #notBeforeMs = 0;
  readonly #closing = new AbortController();

  constructor(address: NetworkAddress, options: LinkOptions) {
    this.address = address;
    this.#name = addressName(address);
    this.#options = options;
    this.#backoff = new Backoff(options.platform.random, {
      firstMs: options.reconnectBackoffMs,
      maxMs: options.reconnectBackoffMsMax,
    });
  }

  get isReady(): boolean {
    return this.#versions !== undefined;
  }

  /** True while a failed address has its pause. */
  get isResting(): boolean {
    return !this.isReady && this.#options.platform.clock.monotonicMs() < this.#notBeforeMs;
  }

  /** What the broker told when the connection was opened last; undefined before. */
  get versions(): AgreedVersions | undefined {
    return this.#versions;
  }

  call<Q extends Fields, A extends Fields>(call: ApiCall<Q, A>): Promise<Answer<A>> {
    if (this.#versions !== undefined) return this.#send(call, this.#versions);
    return this.#open().then(() => this.call(call));
  }

  /** Drops the connection and all that waits on it; the next call opens another one. */
  reset(reason: string): void {
    this.#connection?.close(new RequestFailure("BROKER_UNREACHABLE", reason, { wasSent: true }));
  }

  /** Closes for ever. Twice is fine. */
  close(): void {
    this.#closing.abort(closedError());
    this.#connection?.close(closedError());
  }

  #send<Q extends Fields, A extends Fields>(
    call: ApiCall<Q, A>,
    versions: AgreedVersions,
  ): Promise<Answer<A>> {
    const connection = this.#connection;
    if (connection === undefined) return this.#open().then(() => this.call(call));
    const { clientId, requestTimeoutMs } = this.#options;
    const { api } = call;
    let version: number;
    try {
      version = versions.versionOrThrow(api, call);
    } catch (error) {
      return Promise.reject(error);
    }
    return connection.exchange(
      api.name,
      (correlationId) =>
        encodeRequest(api, { version, correlationId, clientId }, call.body(version)),
      {
        timeoutMs: call.timeoutMs ?? requestTimeoutMs,
        decode: (frame) => decodeResponse(api, version, frame).body,
      },
    );
  }

  #open(): Promise<void> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<void> {
    const { platform, connectTimeoutMs } = this.#options;
    const { clock, timers, network, logger } = platform;
    const closing = this.#closing.signal;
    closing.throwIfAborted();
    const restMs = this.#notBeforeMs - clock.monotonicMs();
    if (restMs > 0) await timers.sleep(restMs, closing);
    const timeout = new AbortController();
    const give = () => timeout.abort(closing.reason);
    closing.addEventListener("abort", give, { once: true });
    const timer = timers.after(connectTimeoutMs, () => timeout.abort(this.#tooSlow()));
    try {
      const socket = await network.connect(this.address, timeout.signal);
      const connection = new BrokerConnection(socket, {
        platform,
        address: this.#name,
        responseBytesMax: this.#options.responseBytesMax,
        onClosed: (cause) => this.#lost(connection, cause),
      });
      this.#connection = connection;
      const drop = () => connection.close(timeout.signal.reason);
      timeout.signal.addEventListener("abort", drop, { once: true });
      if (timeout.signal.aborted) drop();
      this.#versions = await this.#negotiate(connection);
      timeout.signal.removeEventListener("abort", drop);
      this.#backoff.reset();
    } catch (cause) {
      closing.throwIfAborted();
      this.#connection?.close(cause);
      this.#connection = undefined;
      this.#notBeforeMs = clock.monotonicMs() + this.#backoff.next();
      if (logger.isEnabled("debug"))
        logger.log("debug", "client.broker-unreachable", {
          address: this.#name,
          cause: String(cause),
        });
      throw unreachableBroker([this.#name], cause);
    } finally {
      timer.cancel();
      closing.removeEventListener("abort", give);
    }
  }

  async #negotiate(connection: BrokerConnection): Promise<AgreedVersions> {
    const { clientId, connectTimeoutMs } = this.#options;
    const body = { clientSoftwareName: softwareName, clientSoftwareVersion: softwareVersion };
    let version = apiVersionsApi.versions.max;
    for (let attempt = 0; attempt < negotiationsMax; attempt++) {
      const offered = version;
      const outcome = await connection.exchange(
        apiVersionsApi.name,
        (correlationId) =>
          encodeRequest(apiVersionsApi, { version: offered, correlationId, clientId }, body),
        { timeoutMs: connectTimeoutMs, decode: (frame) => readApiVersions(frame, offered) },
      );
      if (outcome.kind === "agreed") return outcome.versions;
      version = outcome.version;
    }
    throw new ClusterError(
      "UNSUPPORTED_BY_CLUSTER",
      `${this.#name} agrees upon no version of ApiVersions; is it a Kafka broker?`,
    );
  }

  #lost(connection: BrokerConnection, cause: unknown): void {
    if (this.#connection !== connection) return;
    const { logger } = this.#options.platform;
    if (logger.isEnabled("debug"))
      logger.log("debug", "client.broker-connection-closed", {
        address: this.#name,
        cause: String(cause),
      });
    this.#connection = undefined;
    this.#versions = undefined;
  }

  #tooSlow(): RequestFailure {
    return new RequestFailure(
      "REQUEST_TIMED_OUT",
      `${this.#name} did not take the connection within ${this.#options.connectTimeoutMs} ms`,
      { wasSent: false },
    );
  }
}

/** None of the addresses answers. */
export function unreachableBroker(addresses: readonly string[], cause: unknown): RequestFailure {
  return new RequestFailure(
    "BROKER_UNREACHABLE",
    `no broker answers at ${addresses.join(", ")}${reasonOf(cause)}; is it started, and is that its address?`,
    { wasSent: false, cause },
  );
}

/** What the network said, once: the failure of one address says the rest already, and what to do follows. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  if (cause instanceof RequestFailure && cause.code === "BROKER_UNREACHABLE")
    return reasonOf(cause.cause);
  return ` (${cause.message.split(";")[0]})`;
}

export function closedError(): ClusterError {
  return new ClusterError("CLUSTER_CLOSED", "the client is closed; connect again");
}
