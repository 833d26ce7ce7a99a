import type { ReadMemory } from "@millrace/log";
import {
  NetworkError,
  type Connection,
  type Listener,
  type NetworkAddress,
  type Platform,
  type ServerTls,
  type Timer,
} from "@millrace/platform";
import type { RequestMetrics } from "../metrics/request-metrics.ts";
import type { Authentication } from "./authentication.ts";
import type { Authorizer } from "./authorizer.ts";
import { ClientConnection } from "./client-connection.ts";
import { ConnectionSlots } from "./connection-slots.ts";
import type { HandlerTable } from "./handler-table.ts";
import type { Quotas } from "./quotas.ts";
import type { Session } from "./session.ts";
import { RequestMemory } from "./request-memory.ts";
import { SeldomLine } from "../seldom-line.ts";
import type { ServerLimits } from "./server-limits.ts";
import { Turns } from "./turns.ts";
import { UnreadAnswers } from "./unread-answers.ts";

/** How often connections are looked over for idle and stalled ones. */
const sweepMs = 5000;
/** Connections that wait for being served, or closed; more are closed at once. */
const heldMax = 1000;

/** Where connections come in by, and how they show who they are. */
export interface ServerListener {
  /** Kafka's name, such as `PLAINTEXT`. */
  readonly name: string;
  readonly address: NetworkAddress;
  /** For one connection; undefined: nobody is asked who it is. */
  readonly authenticate: (() => Authentication) | undefined;
  /** Undefined: without TLS. */
  readonly tls: ServerTls | undefined;
  /** Who one is that is not asked, by what the connection shows. @throws CloseConnectionError nobody */
  readonly identify: (connection: Connection) => Session;
}

export interface BrokerServerOptions {
  readonly listeners: readonly ServerListener[];
  readonly authorizer: Authorizer | undefined;
  readonly quotas: Quotas;
  readonly handlers: HandlerTable;
  /** Gets back what answers lay in, once they are sent. */
  readonly readMemory: ReadMemory;
  readonly limits: ServerLimits;
  readonly metrics: RequestMetrics;
}

/** Listeners and the connections that came in by them; bounds are those of all together. */
export class BrokerServer {
  readonly #platform: Platform;
  readonly #options: BrokerServerOptions;
  readonly #connections: ConnectionSlots<ClientConnection>;
  readonly #refused: SeldomLine;
  readonly #requests: RequestMemory;
  readonly #unread: UnreadAnswers;
  readonly #turns: Turns;
  readonly #bound: Listener[] = [];
  /** Those that came too soon. */
  readonly #held = new Set<Connection>();
  #sweep: Timer | undefined;
  #onEmpty: (() => void) | undefined;

  private constructor(platform: Platform, options: BrokerServerOptions) {
    this.#platform = platform;
    this.#options = options;
    this.#turns = new Turns(platform);
    const { limits } = options;
    const { unreadTotalBytesMax } = limits;
    const unread = new SeldomLine(platform, "warn", "broker.answers-held");
    this.#unread = new UnreadAnswers(unreadTotalBytesMax, () =>
      unread.tell({ bytesMax: unreadTotalBytesMax }),
    );
    this.#connections = new ConnectionSlots(limits, platform.clock);
    this.#refused = new SeldomLine(platform, "warn", "broker.connection-refused");
    const held = new SeldomLine(platform, "warn", "broker.requests-held");
    const { requestTotalBytesMax: bytesMax } = limits;
    this.#requests = new RequestMemory(bytesMax, () => held.tell({ bytesMax }));
  }

  /** @throws NetworkError, such as `ADDRESS_IN_USE` */
  static async listen(platform: Platform, options: BrokerServerOptions): Promise<BrokerServer> {
    const server = new BrokerServer(platform, options);
    try {
      for (const listener of options.listeners) {
        server.#bound.push(await server.#bind(listener));
        options.metrics.listening(listener.name);
      }
    } catch (error) {
      await server.close(0);
      throw error;
    }
    server.#scheduleSweep();
    return server;
  }

  /** In the order of the listeners. */
  get bound(): readonly Listener[] {
    return this.#bound;
  }

  /** Where each listener is bound, in their order. */
  get addresses(): readonly NetworkAddress[] {
    return this.#bound.map(({ address }) => address);
  }

  /** Bytes of answers that no client has taken yet. */
  get unreadBytes(): number {
    return this.#unread.bytes;
  }

  /** Bytes of requests that are received and not answered. */
  get requestBytes(): number {
    return this.#requests.bytes;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Accepts no more, answers what was asked, and drops what is left after the time. Calling twice is fine. */
  async close(timeoutMs: number): Promise<void> {
    this.#sweep?.cancel();
    const closed = Promise.all(this.#bound.map((listener) => listener.close()));
    for (const connection of this.#held) connection.destroy();
    for (const connection of this.#connections.all()) connection.end();
    if (this.#connections.size > 0) await this.#emptied(timeoutMs);
    for (const connection of this.#connections.all()) connection.destroy();
    await closed;
  }

  async #bind(listener: ServerListener): Promise<Listener> {
    const { name, address, tls } = listener;
    const accept = (connection: Connection) => this.#accept(connection, listener);
    try {
      return await this.#platform.network.listen(address, accept, tls);
    } catch (error) {
      if (!(error instanceof NetworkError) || error.code !== "TLS_SETTINGS_INVALID") throw error;
      throw new NetworkError(error.code, `the listener ${name}: ${error.message}`, error);
    }
  }

  #emptied(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#platform.timers.after(timeoutMs, resolve);
      this.#onEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #accept(connection: Connection, listener: ServerListener): void {
    const { metrics, quotas } = this.#options;
    metrics.acceptedConnections++;
    const awayMs = quotas.connect(connection.remoteAddress);
    // An address that connects too often gets no answer, and is closed when it may come again, as with Kafka.
    if (awayMs > 0) return this.#hold(connection, awayMs, () => this.#turnAway(connection));
    const waitMs = quotas.admit();
    if (waitMs > 0) return this.#hold(connection, waitMs, () => this.#serve(connection, listener));
    this.#serve(connection, listener);
  }

  #serve(connection: Connection, listener: ServerListener): void {
    const { metrics } = this.#options;
    const client = new ClientConnection(connection, {
      platform: this.#platform,
      handlers: this.#options.handlers,
      readMemory: this.#options.readMemory,
      limits: this.#options.limits,
      listener: listener.name,
      authentication: listener.authenticate?.(),
      identify: listener.identify,
      authorizer: this.#options.authorizer,
      quotas: this.#options.quotas,
      unread: this.#unread,
      requests: this.#requests,
      turns: this.#turns,
      metrics,
      onAsked: (asking) => this.#connections.asked(asking),
      onClosed: (closed) => this.#forget(closed),
    });
    const leaving = this.#connections.add(client);
    if (leaving === undefined) return;
    metrics.refusedConnections++;
    this.#refused.tell({ peer: leaving.remoteAddress });
    leaving.destroy();
  }

  #turnAway(connection: Connection): void {
    this.#options.metrics.refusedConnections++;
    connection.destroy();
  }

  /** Nothing of it is read for a while. Those that are too many are closed at once. */
  #hold(connection: Connection, waitMs: number, then: () => void): void {
    if (this.#held.size >= heldMax) return this.#turnAway(connection);
    const release = () => {
      timer.cancel();
      this.#held.delete(connection);
    };
    const timer = this.#platform.timers.after(waitMs, () => {
      release();
      connection.resume();
      then();
    });
    connection.handler = { data: () => {}, drained: () => {}, closed: release };
    connection.pause();
    this.#held.add(connection);
  }

  #forget(client: ClientConnection): void {
    if (this.#connections.remove(client) && this.#connections.size === 0) this.#onEmpty?.();
  }

  #scheduleSweep(): void {
    this.#sweep = this.#platform.timers.after(sweepMs, () => {
      const nowMs = this.#platform.clock.monotonicMs();
      for (const connection of this.#connections.all()) connection.checkLiveness(nowMs);
      this.#scheduleSweep();
    });
  }
}
