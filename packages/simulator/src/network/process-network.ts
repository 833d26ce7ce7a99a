import {
  NetworkError,
  type ClientTls,
  type Connection,
  type Listener,
  type Network,
  type NetworkAddress,
  type ServerTls,
} from "@millrace/platform";
import type { StandInTls } from "@millrace/platform/memory";
import type { Incarnation } from "../world/incarnation.ts";
import { within, type World } from "../world/world.ts";
import { SimulatedConnection } from "./simulated-connection.ts";
import type { Switchboard } from "./switchboard.ts";

/** As the kernel sends SYN again to one who does not answer. */
const connectRetryMs = 1_000;
const connectAttemptsMax = 127;

interface Attempt {
  readonly host: string;
  readonly port: number;
  count: number;
  isOver: boolean;
  readonly succeed: (connection: Connection) => void;
  readonly fail: (error: NetworkError) => void;
}

export interface ProcessNetworkParts {
  readonly switchboard: Switchboard;
  readonly owner: Incarnation;
  /** On the process's own clock. */
  readonly tls: StandInTls;
}

/** The network as one life of a process sees it. */
export class ProcessNetwork implements Network {
  readonly #world: World;
  readonly #switchboard: Switchboard;
  readonly #owner: Incarnation;
  readonly #tls: StandInTls;

  constructor(world: World, { switchboard, owner, tls }: ProcessNetworkParts) {
    this.#world = world;
    this.#switchboard = switchboard;
    this.#owner = owner;
    this.#tls = tls;
  }

  async listen(
    address: NetworkAddress,
    given: (connection: Connection) => void,
    tls?: ServerTls,
  ): Promise<Listener> {
    const { accept, renewTls } = this.#tls.acceptor(given, tls);
    const owner = this.#owner;
    if (owner.isDead) return new Promise(() => {});
    const { listeners } = this.#switchboard;
    const port = address.port === 0 ? this.#switchboard.nextPort() : address.port;
    const key = `${this.#hostOf(address.host)}:${port}`;
    if (listeners.has(key)) {
      throw new NetworkError(
        "ADDRESS_IN_USE",
        `cannot listen on ${key}: the port is in use; stop what listens there, or take another`,
      );
    }
    const listener = { owner, accept };
    listeners.set(key, listener);
    this.#world.record("listen", owner.process, key);
    return {
      address: { host: address.host, port },
      renewTls,
      close: async () => {
        if (listeners.get(key) === listener) listeners.delete(key);
      },
    };
  }

  async connect(
    address: NetworkAddress,
    signal?: AbortSignal,
    tls?: ClientTls,
  ): Promise<Connection> {
    const handshake = tls && this.#tls.greeting(tls, address);
    const raw = await this.#connect(address, signal);
    return handshake === undefined ? raw : handshake(raw, signal);
  }

  #connect(address: NetworkAddress, signal?: AbortSignal): Promise<Connection> {
    if (this.#owner.isDead) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const settle = () => {
        attempt.isOver = true;
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => {
        settle();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const attempt: Attempt = {
        host: this.#hostOf(address.host),
        port: address.port,
        count: 0,
        isOver: false,
        succeed: (connection) => {
          settle();
          resolve(connection);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      this.#knock(attempt, this.#latencyMs());
    });
  }

  #knock(attempt: Attempt, delayMs: number): void {
    attempt.count++;
    this.#world.schedule(delayMs, "world", () => {
      if (!attempt.isOver && !this.#owner.isDead) this.#arrive(attempt);
    });
  }

  #arrive(attempt: Attempt): void {
    const world = this.#world;
    const owner = this.#owner;
    const key = `${attempt.host}:${attempt.port}`;
    const listener = this.#switchboard.listeners.get(key);
    const far = listener?.owner;
    if (far !== undefined && !this.#switchboard.isPassable(owner.process, far.process)) {
      if (attempt.count < connectAttemptsMax) this.#knock(attempt, connectRetryMs);
      else this.#fail(attempt, "NETWORK_FAILED", `cannot connect to ${key}: no answer`);
      return;
    }
    if (!this.#switchboard.hosts.has(attempt.host)) {
      this.#fail(attempt, "UNKNOWN_HOST", `cannot connect to ${key}: the host is not known`);
      return;
    }
    if (listener === undefined || world.strikes("refuse", world.networkRandom, owner)) {
      const hint = "nothing listens there; is the broker started?";
      this.#fail(attempt, "CONNECTION_REFUSED", `cannot connect to ${key}: ${hint}`);
      return;
    }
    this.#establish(attempt, listener.owner, listener.accept);
  }

  #establish(attempt: Attempt, far: Incarnation, accept: (connection: Connection) => void): void {
    const world = this.#world;
    const [near, other] = SimulatedConnection.pair(world, this.#switchboard, this.#owner, far);
    const backMs = this.#latencyMs();
    // Strictly behind the turns in which the two ends are handed over.
    other.handedOverAt(world.nowMs + 0.01);
    near.handedOverAt(world.nowMs + backMs + 0.01);
    world.schedule(0, far, () => {
      world.record("accept", far.process, this.#owner.process);
      accept(other);
    });
    world.schedule(backMs, this.#owner, () => {
      if (attempt.isOver) {
        near.destroy();
        return;
      }
      world.record("connected", this.#owner.process, far.process);
      attempt.succeed(near);
    });
  }

  #fail(attempt: Attempt, code: NetworkError["code"], message: string): void {
    this.#world.schedule(this.#latencyMs(), this.#owner, () => {
      if (attempt.isOver) return;
      this.#world.record("connectFailed", this.#owner.process, message);
      attempt.fail(new NetworkError(code, message));
    });
  }

  #latencyMs(): number {
    return within(this.#world.times.latencyMs, this.#world.networkRandom);
  }

  #hostOf(host: string): string {
    const isOwn = ["localhost", "127.0.0.1", "::1", "0.0.0.0", "::", ""].includes(host);
    return isOwn ? this.#owner.host : host;
  }
}
