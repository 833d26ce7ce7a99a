import { NetworkError } from "../network-error.ts";
import type { Connection, Listener, Network, NetworkAddress } from "../network.ts";
import type { Clock, Timers } from "../platform.ts";
import type { ClientTls, ServerTls } from "../tls.ts";
import { MemoryConnection } from "./memory-connection.ts";
import { StandInTls } from "./stand-in-tls.ts";

type Accept = (connection: Connection) => void;

const firstFreePort = 49_152;
const portMax = 65_535;

/** Connections within one program: the same bytes as over TCP, handed over in a later turn, never lost. */
export class MemoryNetwork implements Network {
  readonly #timers: Pick<Timers, "after">;
  readonly #listeners = new Map<string, Accept>();
  readonly #tls: StandInTls;
  #nextPort = firstFreePort;

  /** The clock says which of the stand-in's certificates are valid. */
  constructor(timers: Pick<Timers, "after">, clock: Pick<Clock, "wallMs">) {
    this.#timers = timers;
    this.#tls = new StandInTls(timers, clock);
  }

  async listen(address: NetworkAddress, given: Accept, tls?: ServerTls): Promise<Listener> {
    const { accept, renewTls } = this.#tls.acceptor(given, tls);
    const host = canonicalHost(address.host);
    const port = address.port === 0 ? this.#freePort(host) : address.port;
    const key = `${host}:${port}`;
    if (this.#listeners.has(key)) {
      throw new NetworkError(
        "ADDRESS_IN_USE",
        `cannot listen on ${key}: the port is in use; stop what listens there, or take another`,
      );
    }
    this.#listeners.set(key, accept);
    return {
      address: { host: address.host, port },
      renewTls,
      close: async () => {
        if (this.#listeners.get(key) === accept) this.#listeners.delete(key);
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
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const timer = this.#timers.after(0, () => {
        signal?.removeEventListener("abort", abort);
        const host = canonicalHost(address.host);
        const accept =
          this.#listeners.get(`${host}:${address.port}`) ??
          this.#listeners.get(`*:${address.port}`);
        if (accept === undefined) {
          reject(
            new NetworkError(
              "CONNECTION_REFUSED",
              `cannot connect to ${host}:${address.port}: nothing listens there; is the broker started?`,
            ),
          );
          return;
        }
        const [near, far] = MemoryConnection.pair(this.#timers, host);
        accept(far);
        resolve(near);
      });
    });
  }

  #freePort(host: string): number {
    while (this.#listeners.has(`${host}:${this.#nextPort}`)) this.#nextPort++;
    if (this.#nextPort > portMax) {
      throw new NetworkError(
        "ADDRESS_NOT_AVAILABLE",
        "all ports of the memory network are used up",
      );
    }
    return this.#nextPort++;
  }
}

function canonicalHost(host: string): string {
  if (host === "localhost" || host === "::1") return "127.0.0.1";
  if (host === "0.0.0.0" || host === "::" || host === "") return "*";
  return host;
}
