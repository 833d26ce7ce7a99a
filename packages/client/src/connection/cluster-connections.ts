import { ClusterError } from "@millrace/cluster";
import type { NetworkAddress, Platform } from "@millrace/platform";
import type { Api, Decoded, Fields, Given, Message } from "@millrace/protocol";

import { BrokerConnection } from "./broker-connection.ts";

export interface ClusterConnectionsOptions {
  readonly platform: Platform;
  readonly clientId: string;
  readonly bootstrap: readonly NetworkAddress[];
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly responseBytesMax: number;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Default: the client's request timeout. */
  readonly timeoutMs?: number;
  readonly versionMax?: number;
  /** Requests of one lane share a connection and leave in order. Default `main`. */
  readonly lane?: string;
}

/** A body, or what makes it once the version is known. */
export type RequestBody<F extends Fields> =
  | Given<Message<F>>
  | ((version: number) => Given<Message<F>>);

/** A connection that is open, being opened, or was closed. */
interface Slot {
  opened: BrokerConnection | undefined;
  opening: Promise<BrokerConnection> | undefined;
}

/**
 * Connections to the brokers of a cluster: one for each broker and lane, opened on first use and again after
 * they broke. Requests of a lane leave in the order of the calls; on an open connection within the call.
 *
 * CLIENT-1: a request is answered once, with its answer or with an error; none is forgotten.
 */
export class ClusterConnections {
  readonly platform: Platform;
  readonly clientId: string;
  readonly #options: ClusterConnectionsOptions;
  readonly #addresses = new Map<number, NetworkAddress>();
  readonly #slots = new Map<string, Slot>();
  readonly #closing = new AbortController();
  #preferred = 0;

  constructor(options: ClusterConnectionsOptions) {
    this.#options = options;
    this.platform = options.platform;
    this.clientId = options.clientId;
  }

  /** Aborted once the client is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Takes over where brokers are, as a metadata response tells. */
  learn(brokers: readonly ({ readonly nodeId: number } & NetworkAddress)[]): void {
    for (const { nodeId, host, port } of brokers) this.#addresses.set(nodeId, { host, port });
  }

  get knownNodes(): readonly number[] {
    return [...this.#addresses.keys()];
  }

  request<F extends Fields, G extends Fields>(
    nodeId: number,
    api: Api<Message<F>, Message<G>>,
    body: RequestBody<F>,
    options: RequestOptions = {},
  ): Promise<Decoded<Message<G>>> {
    const address = this.#addresses.get(nodeId);
    if (address === undefined) {
      return Promise.reject(
        new ClusterError("BROKER_UNREACHABLE", `broker ${nodeId} is not known (any more)`, {
          retriable: true,
        }),
      );
    }
    return this.#send(address, api, body, options);
  }

  /** To the first broker that can be reached: known ones, then those of the bootstrap list. */
  async requestAny<F extends Fields, G extends Fields>(
    api: Api<Message<F>, Message<G>>,
    body: RequestBody<F>,
    options: RequestOptions = {},
  ): Promise<Decoded<Message<G>>> {
    const candidates = this.#candidates();
    const failures: unknown[] = [];
    for (let attempt = 0; attempt < candidates.length; attempt++) {
      const index = (this.#preferred + attempt) % candidates.length;
      try {
        const answer = await this.#send(candidates[index], api, body, options);
        this.#preferred = index;
        return answer;
      } catch (error) {
        const isElsewhere = error instanceof ClusterError && error.retriable;
        if (!isElsewhere || options.signal?.aborted === true) throw error;
        failures.push(error);
      }
    }
    const names = candidates.map(({ host, port }) => `${host}:${port}`).join(", ");
    throw new ClusterError(
      "BROKER_UNREACHABLE",
      `none of the brokers answers: ${names}. Is the cluster running, and are these its addresses?`,
      { retriable: true, cause: failures[0] },
    );
  }

  /** The version that `request` would use. */
  async versionFor(nodeId: number, api: Api, options: RequestOptions = {}): Promise<number> {
    const connection = await this.#connectionTo(nodeId, options);
    return connection.versions.choose(api, options.versionMax);
  }

  /** Level of a finalised feature such as `transaction.version`; 0 where it is not finalised. */
  async featureLevel(nodeId: number, feature: string, signal?: AbortSignal): Promise<number> {
    const connection = await this.#connectionTo(nodeId, { signal });
    return connection.versions.featureLevel(feature);
  }

  async close(): Promise<void> {
    this.#closing.abort(new ClusterError("CLUSTER_CLOSED", "the client is closed"));
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    for (const { opened } of slots) opened?.close();
    await Promise.allSettled(slots.map(({ opening }) => opening));
  }

  #send<F extends Fields, G extends Fields>(
    address: NetworkAddress,
    api: Api<Message<F>, Message<G>>,
    body: RequestBody<F>,
    options: RequestOptions,
  ): Promise<Decoded<Message<G>>> {
    const slot = this.#slot(address, options.lane ?? "main");
    if (slot.opened?.isOpen === true) return this.#sendOn(slot.opened, api, body, options);
    return this.#open(slot, address, options.signal).then((connection) =>
      this.#sendOn(connection, api, body, options),
    );
  }

  #sendOn<F extends Fields, G extends Fields>(
    connection: BrokerConnection,
    api: Api<Message<F>, Message<G>>,
    body: RequestBody<F>,
    options: RequestOptions,
  ): Promise<Decoded<Message<G>>> {
    try {
      const version = connection.versions.choose(api, options.versionMax);
      const given = typeof body === "function" ? body(version) : body;
      return connection.send(api, given, {
        version,
        timeoutMs: options.timeoutMs ?? this.#options.requestTimeoutMs,
        signal: options.signal,
      });
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async #connectionTo(nodeId: number, options: RequestOptions): Promise<BrokerConnection> {
    const address = this.#addresses.get(nodeId);
    if (address === undefined) {
      throw new ClusterError("BROKER_UNREACHABLE", `broker ${nodeId} is not known (any more)`, {
        retriable: true,
      });
    }
    const slot = this.#slot(address, options.lane ?? "main");
    if (slot.opened?.isOpen === true) return slot.opened;
    return this.#open(slot, address, options.signal);
  }

  #slot({ host, port }: NetworkAddress, lane: string): Slot {
    const name = `${host}:${port}/${lane}`;
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = { opened: undefined, opening: undefined };
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /** One attempt at a time per slot; whoever waits for it may give up alone. */
  #open(slot: Slot, address: NetworkAddress, signal?: AbortSignal): Promise<BrokerConnection> {
    if (this.#closing.signal.aborted) {
      return Promise.reject(this.#closing.signal.reason as Error);
    }
    slot.opening ??= this.#connect(address).then(
      (connection) => {
        slot.opened = connection;
        slot.opening = undefined;
        return connection;
      },
      (error: unknown) => {
        slot.opening = undefined;
        throw error;
      },
    );
    return signal === undefined ? slot.opening : raceSignal(slot.opening, signal);
  }

  async #connect(address: NetworkAddress): Promise<BrokerConnection> {
    const { platform, clientId, responseBytesMax, connectTimeoutMs } = this.#options;
    const attempt = new AbortController();
    const timer = platform.timers.after(connectTimeoutMs, () =>
      attempt.abort(
        new ClusterError(
          "BROKER_UNREACHABLE",
          `${address.host}:${address.port} did not answer within ${connectTimeoutMs} ms`,
          { retriable: true },
        ),
      ),
    );
    const abort = (): void => attempt.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener("abort", abort, { once: true });
    try {
      return await BrokerConnection.open(
        { platform, address, clientId, responseBytesMax },
        attempt.signal,
      );
    } finally {
      timer.cancel();
      this.#closing.signal.removeEventListener("abort", abort);
    }
  }

  #candidates(): readonly NetworkAddress[] {
    const known = [...this.#addresses.values()];
    const isKnown = (one: NetworkAddress): boolean =>
      known.some(({ host, port }) => host === one.host && port === one.port);
    return [...known, ...this.#options.bootstrap.filter((address) => !isKnown(address))];
  }
}

/** What the promise gives, unless the signal aborts first. */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
