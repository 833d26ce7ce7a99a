import { createServer, type Server } from "node:net";
import type { Connection, Listener, Network, NetworkAddress } from "../network.ts";
import { networkError } from "./network-errors.ts";
import { NodeConnection, writeBudgetBytes } from "./node-connection.ts";
import { ReadingSocket } from "./reading-socket.ts";

/** TCP. */
export class NodeNetwork implements Network {
  listen(address: NetworkAddress, accept: (connection: Connection) => void): Promise<Listener> {
    const server = createServer(serverOptions, (socket) => {
      accept(new NodeConnection(ReadingSocket.adopt(socket, writeBudgetBytes)));
    });
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => reject(networkError(`listen on ${nameOf(address)}`, cause));
      server.once("error", fail);
      server.listen({ host: address.host, port: address.port }, () => {
        server.off("error", fail);
        // A single accept may fail (too many open files); the listener goes on.
        server.on("error", () => {});
        resolve(new NodeListener(server, address));
      });
    });
  }

  connect(address: NetworkAddress, signal?: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const socket = new ReadingSocket({ highWaterMark: writeBudgetBytes });
      const settle = () => {
        signal?.removeEventListener("abort", abort);
        socket.off("error", fail);
        socket.off("connect", succeed);
      };
      const abort = () => {
        settle();
        socket.on("error", () => {});
        socket.destroy();
        reject(signal?.reason);
      };
      const fail = (cause: Error) => {
        settle();
        reject(networkError(`connect to ${nameOf(address)}`, cause));
      };
      const succeed = () => {
        settle();
        socket.setNoDelay(true);
        socket.setKeepAlive(true, keepAliveMs);
        resolve(new NodeConnection(socket));
      };
      signal?.addEventListener("abort", abort, { once: true });
      socket.once("error", fail);
      socket.once("connect", succeed);
      socket.connect({ host: address.host, port: address.port });
    });
  }
}

/** A peer that vanished without a word is noticed, some time. */
const keepAliveMs = 60_000;

const serverOptions = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: keepAliveMs,
  // Nothing may be read before the connection is taken over.
  pauseOnConnect: true,
};

class NodeListener implements Listener {
  readonly address: NetworkAddress;
  readonly #server: Server;

  constructor(server: Server, asked: NetworkAddress) {
    this.#server = server;
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : asked.port;
    this.address = { host: asked.host, port };
  }

  /** The port is free at once; the server's own "close" would wait for all connections. */
  close(): Promise<void> {
    if (this.#server.listening) this.#server.close();
    return new Promise((resolve) => setImmediate(resolve));
  }
}

function nameOf(address: NetworkAddress): string {
  return `${address.host}:${address.port}`;
}
