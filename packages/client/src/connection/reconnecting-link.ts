import { ClusterError } from "@millrace/cluster";
import type { NetworkAddress, Platform, Timer } from "@millrace/platform";
import { decodeResponse, encodeRequest, type Fields } from "@millrace/protocol";
import { apiVersionsApi } from "@millrace/protocol/definitions";
import { readApiVersions, type AgreedVersions } from "./agreed-versions.ts";
import type { Answer, ApiCall, BrokerLink } from "./api-call.ts";
import { Backoff } from "./backoff.ts";
import type { ConnectionSecurity } from "../security/connection-security.ts";
import { authenticate } from "./authenticate.ts";
import { addressName } from "./bootstrap-servers.ts";
import { BrokerConnection } from "./broker-connection.ts";
import { RequestFailure } from "./request-failure.ts";
import { isRefusedForGood, unreachableBroker } from "./unreachable-broker.ts";

export interface LinkOptions {
  readonly platform: Platform;
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMsMax: number;
  readonly responseBytesMax: number;
  readonly security: ConnectionSecurity;
}

const softwareName = "millrace";
const softwareVersion = "0.1.0";
/** Versions that may be offered before a broker must have agreed. */
const negotiationsMax = 3;

/** Of a session's time, until it is made longer: Kafka's shares, spread so that clients do not come in step. */
const renewalShare = { min: 0.85, spread: 0.1 };

/**
 * A link to one address: opens the connection when it is needed, agrees upon versions, shows who it is,
 * and opens it again after a pause that grows with each failure. While it is open a call is written in
 * the same turn; while it shows again who it is, calls wait.
 *
 *     closed --call--> connecting --> [authenticating] --> open --session ends soon--> authenticating
 *        ^                 '-- refused, lost --'             |                              |
 *        '---------------------------------------------------+------------------------------'
 */
export class ReconnectingLink implements BrokerLink {
  readonly address: NetworkAddress;
  readonly #name: string;
  readonly #options: LinkOptions;
  readonly #backoff: Backoff;
  #connection: BrokerConnection | undefined;
  /** Undefined while nothing can be sent. */
  #versions: AgreedVersions | undefined;
  /** Of the last connection, lost or not. */
  #told: AgreedVersions | undefined;
  #opening: Promise<void> | undefined;
  #notBeforeMs = 0;
  #renewal: Timer | undefined;
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

  /** What a call is written to now: the same one as before, unless that was lost. */
  get connection(): BrokerConnection | undefined {
    return this.#connection;
  }

  /** True while a failed address has its pause. */
  get isResting(): boolean {
    return !this.isReady && this.#options.platform.clock.monotonicMs() < this.#notBeforeMs;
  }

  /** What the broker told when the connection was opened last; undefined before. */
  get versions(): AgreedVersions | undefined {
    return this.#told;
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
    const error = closedError();
    this.#closing.abort(error);
    this.#connection?.close(error);
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
    const timeout = this.#deadline(connectTimeoutMs);
    try {
      const tls = this.#options.security.tls?.();
      const socket = await network.connect(this.address, timeout.signal, tls);
      const connection = new BrokerConnection(socket, {
        platform,
        address: this.#name,
        responseBytesMax: this.#options.responseBytesMax,
        lacks: [
          ...(this.#options.security.sasl === undefined ? (["sasl"] as const) : []),
          ...(tls === undefined ? (["ssl"] as const) : []),
        ],
        onClosed: (cause) => this.#lost(connection, cause),
      });
      this.#connection = connection;
      const drop = () => connection.close(timeout.signal.reason);
      timeout.signal.addEventListener("abort", drop, { once: true });
      if (timeout.signal.aborted) drop();
      const versions = await this.#negotiate(connection);
      await this.#authenticate(connection, versions, timeout.signal);
      this.#versions = this.#told = versions;
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
      throw isRefusedForGood(cause) ? cause : unreachableBroker([this.#name], cause);
    } finally {
      timeout.cancel();
    }
  }

  /** Aborts after a time, or when the link is closed. */
  #deadline(timeoutMs: number): { readonly signal: AbortSignal; readonly cancel: () => void } {
    const closing = this.#closing.signal;
    const controller = new AbortController();
    const close = () => controller.abort(closing.reason);
    closing.addEventListener("abort", close, { once: true });
    const timer = this.#options.platform.timers.after(timeoutMs, () =>
      controller.abort(this.#tooSlow()),
    );
    const cancel = () => {
      timer.cancel();
      closing.removeEventListener("abort", close);
    };
    return { signal: controller.signal, cancel };
  }

  async #authenticate(
    connection: BrokerConnection,
    versions: AgreedVersions,
    signal: AbortSignal,
  ): Promise<void> {
    const { platform, security, clientId, connectTimeoutMs } = this.#options;
    const { sasl } = security;
    if (sasl === undefined) return;
    const { address } = this;
    const timeoutMs = connectTimeoutMs;
    const place = { connection, versions, sasl, address, signal, clientId, timeoutMs };
    const lifetimeMs = await authenticate(place);
    if (lifetimeMs === 0 || !connection.isOpen) return;
    const { min, spread } = renewalShare;
    const share = min + (spread * platform.random.nextUint32()) / 2 ** 32;
    this.#renewal = platform.timers.after(lifetimeMs * share, () =>
      this.#renew(connection, versions),
    );
  }

  /** Calls wait as for a connection that is opened; what was sent before is answered first. */
  #renew(connection: BrokerConnection, versions: AgreedVersions): void {
    if (this.#connection !== connection) return;
    this.#versions = undefined;
    const timeout = this.#deadline(this.#options.connectTimeoutMs + connection.dueMs);
    const renewed = this.#authenticate(connection, versions, timeout.signal).then(
      () => {
        if (this.#connection === connection) this.#versions = versions;
      },
      (cause: unknown) => {
        connection.close(cause);
        throw isRefusedForGood(cause) ? cause : unreachableBroker([this.#name], cause);
      },
    );
    this.#opening = renewed.finally(() => {
      timeout.cancel();
      this.#opening = undefined;
    });
    // Told to whoever waits, if anybody does.
    this.#opening.catch(() => {});
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
    this.#renewal?.cancel();
    this.#connection = undefined;
    this.#versions = undefined;
  }

  #tooSlow(): RequestFailure {
    return new RequestFailure(
      "REQUEST_TIMED_OUT",
      `${this.#name} did not take the connection, or sasl had no credentials, within ${this.#options.connectTimeoutMs} ms`,
      { wasSent: false },
    );
  }
}

export function closedError(): ClusterError {
  return new ClusterError("CLUSTER_CLOSED", "the client is closed; connect again");
}
