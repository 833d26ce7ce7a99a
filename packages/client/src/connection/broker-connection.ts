import { ClusterError } from "@millrace/cluster";
import type { Connection, NetworkAddress, Platform } from "@millrace/platform";
import {
  apiVersionsApi,
  decodeCorrelationId,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  readInt16,
  type Api,
  type Decoded,
  type Fields,
  type Given,
  type Message,
} from "@millrace/protocol";

import { errorOf } from "../kafka-failure.ts";
import { BrokerVersions } from "./broker-versions.ts";

export interface BrokerConnectionOptions {
  readonly platform: Platform;
  readonly address: NetworkAddress;
  readonly clientId: string;
  /** A response beyond this ends the connection: no broker of good will sends it. */
  readonly responseBytesMax: number;
}

/** A request on its way. */
interface Pending {
  readonly correlationId: number;
  readonly take: (frame: Uint8Array) => void;
  readonly fail: (error: Error) => void;
}

interface SendOptions {
  readonly version: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const softwareVersion = "0.1.0";

/**
 * One TCP connection to a broker. Requests are pipelined: they leave in the order of the calls, and answers
 * come in that order. What fails once ends the connection, and with it all that was on its way.
 */
export class BrokerConnection {
  readonly versions: BrokerVersions;
  readonly #options: BrokerConnectionOptions;
  readonly #connection: Connection;
  readonly #splitter: FrameSplitter;
  readonly #pending: Pending[] = [];
  #correlationId = 0;
  #failure: Error | undefined;
  #onClosed: () => void = () => {};

  private constructor(options: BrokerConnectionOptions, connection: Connection) {
    this.#options = options;
    this.#connection = connection;
    this.#splitter = new FrameSplitter(options.responseBytesMax);
    this.versions = new BrokerVersions();
    connection.handler = {
      data: (chunk) => this.#receive(chunk),
      drained: () => {},
      closed: (error) => this.#end(error),
    };
  }

  /** Connects and asks for the versions that the broker speaks. */
  static async open(
    options: BrokerConnectionOptions,
    signal: AbortSignal,
  ): Promise<BrokerConnection> {
    const { host, port } = options.address;
    let connection: Connection;
    try {
      connection = await options.platform.network.connect(options.address, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new ClusterError("BROKER_UNREACHABLE", `no broker answers at ${host}:${port}`, {
        retriable: true,
        cause,
      });
    }
    const opened = new BrokerConnection(options, connection);
    try {
      await opened.#negotiate(signal);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    return this.#pending.length;
  }

  onClosed(callback: () => void): void {
    this.#onClosed = callback;
  }

  /**
   * Writes a request to the socket at once. Rejects with `BROKER_UNREACHABLE`, `REQUEST_TIMED_OUT`, or the
   * signal's reason; after the last two the broker may still carry it out.
   */
  async send<F extends Fields, G extends Fields>(
    api: Api<Message<F>, Message<G>>,
    body: Given<Message<F>>,
    options: SendOptions,
  ): Promise<Decoded<Message<G>>> {
    const frame = await this.#exchange(api, body, options);
    try {
      return decodeResponse(api, options.version, frame).body;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#end();
    this.#connection.destroy();
  }

  /** Writes at once, and gives the frame of the answer. */
  #exchange<F extends Fields>(
    api: Api<Message<F>>,
    body: Given<Message<F>>,
    { version, timeoutMs, signal }: SendOptions,
  ): Promise<Uint8Array> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const correlationId = this.#correlationId;
    this.#correlationId = (correlationId + 1) & 0x7fffffff;
    const { clientId, platform } = this.#options;
    const parts = encodeRequest(api, { version, correlationId, clientId }, body);
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason as Error);
      const settle = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", abort);
      };
      const timer = platform.timers.after(timeoutMs, () => this.#timeOut(api, timeoutMs));
      signal?.addEventListener("abort", abort, { once: true });
      this.#pending.push({
        correlationId,
        take: (frame) => {
          settle();
          resolve(frame);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      });
      this.#connection.write(parts);
    });
  }

  async #negotiate(signal: AbortSignal): Promise<void> {
    const software = { clientSoftwareName: "millrace", clientSoftwareVersion: softwareVersion };
    const options = { timeoutMs: 10_000, signal };
    for (const version of [apiVersionsApi.versions.max, 0]) {
      const frame = await this.#exchange(apiVersionsApi, software, { ...options, version });
      // A broker that does not know the version answers in version 0 (KIP-511); its code comes first.
      const error = errorOf(readInt16(frame, 4));
      if (error?.code === "UNSUPPORTED_VERSION") continue;
      if (error !== undefined) throw error;
      this.versions.learn(decodeResponse(apiVersionsApi, version, frame).body);
      return;
    }
    throw new ClusterError(
      "UNSUPPORTED_BY_CLUSTER",
      `${this.#name} answers ApiVersions in no version that is known here; is it a Kafka broker?`,
    );
  }

  #receive(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#splitter.push(chunk);
      for (let frame = this.#splitter.next(); frame !== undefined; frame = this.#splitter.next()) {
        this.#dispatch(frame);
      }
    } catch (cause) {
      this.#end(cause as Error);
      this.#connection.destroy();
    }
  }

  #dispatch(frame: Uint8Array): void {
    const pending = this.#pending.shift();
    const correlationId = decodeCorrelationId(frame);
    if (pending === undefined || pending.correlationId !== correlationId) {
      if (pending !== undefined) this.#pending.unshift(pending);
      throw new ClusterError(
        "BROKER_UNREACHABLE",
        `${this.#name} answered request ${correlationId}, which is not the one under way`,
        { retriable: true },
      );
    }
    pending.take(frame);
  }

  #timeOut(api: Api, timeoutMs: number): void {
    this.#end(
      new ClusterError(
        "REQUEST_TIMED_OUT",
        `${this.#name} did not answer ${api.name} within ${timeoutMs} ms; the connection is given up`,
        { retriable: true },
      ),
    );
    this.#connection.destroy();
  }

  #end(cause?: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure =
      cause instanceof ClusterError
        ? cause
        : new ClusterError("BROKER_UNREACHABLE", `the connection to ${this.#name} is closed`, {
            retriable: true,
            cause,
          });
    for (const pending of this.#pending.splice(0)) pending.fail(this.#failure);
    this.#onClosed();
  }

  get #name(): string {
    const { host, port } = this.#options.address;
    return `${host}:${port}`;
  }
}
