import { createServer, Socket, type Server } from "node:net";
import { invariant } from "@millrace/model";
import type { ClientTls, ServerTls } from "../tls.ts";
import type { Connection, Listener, Network, NetworkAddress } from "../network.ts";
import { handshakeError, networkError } from "./network-errors.ts";
import { NodeConnection, writeBudgetBytes } from "./node-connection.ts";
import { contextOf, greetClient, openTlsSocket } from "./node-tls.ts";
import { ReadingSocket } from "./reading-socket.ts";
import { isNode } from "./runtime.ts";

/** TCP and TLS. */
export class NodeNetwork implements Network {
  async listen(
    address: NetworkAddress,
    accept: (connection: Connection) => void,
    tls?: ServerTls,
  ): Promise<Listener> {
    let greeting = tls && { tls, context: contextOf(tls) };
    const renewTls = (next: ServerTls) => {
      invariant(greeting !== undefined, "PLATFORM-9");
      greeting = { tls: next, context: contextOf(next) };
    };
    // Nothing may be read before the connection is taken over; TLS takes it over at once.
    const options = { ...serverOptions, pauseOnConnect: isNode && tls === undefined };
    const server = createServer(options, (socket) => {
      accept(
        greeting === undefined
          ? new NodeConnection(isNode ? ReadingSocket.adopt(socket, writeBudgetBytes) : socket)
          : greetClient(socket, greeting.tls, greeting.context),
      );
    });
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => reject(networkError(`listen on ${nameOf(address)}`, cause));
      server.once("error", fail);
      server.listen({ host: address.host, port: address.port }, () => {
        server.off("error", fail);
        // A single accept may fail (too many open files); the listener goes on.
        server.on("error", () => {});
        resolve(new NodeListener(server, address, renewTls));
      });
    });
  }

  connect(address: NetworkAddress, signal?: AbortSignal, tls?: ClientTls): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const socket = tls === undefined ? newSocket() : openTlsSocket(address, tls);
      const ready = tls === undefined ? "connect" : "secureConnect";
      let isReached = false;
      socket.once("connect", () => (isReached = true));
      const settle = () => {
        signal?.removeEventListener("abort", abort);
        socket.off("error", fail);
        socket.off(ready, succeed);
      };
      const abort = () => {
        settle();
        socket.on("error", () => {});
        socket.destroy();
        reject(signal?.reason);
      };
      const fail = (cause: Error) => {
        settle();
        const action = `connect to ${nameOf(address)}`;
        reject(isReached ? handshakeError(action, cause) : networkError(action, cause));
      };
      const succeed = () => {
        settle();
        socket.setNoDelay(true);
        socket.setKeepAlive(true, keepAliveMs);
        resolve(new NodeConnection(socket));
      };
      signal?.addEventListener("abort", abort, { once: true });
      socket.once("error", fail);
      socket.once(ready, succeed);
      if (tls === undefined) socket.connect({ host: address.host, port: address.port });
    });
  }
}

/** A peer that vanished without a word is noticed, some time. */
const keepAliveMs = 60_000;

const serverOptions = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: keepAliveMs,
};

class NodeListener implements Listener {
  readonly address: NetworkAddress;
  readonly renewTls: Listener["renewTls"];
  readonly #server: Server;

  constructor(server: Server, asked: NetworkAddress, renewTls: Listener["renewTls"]) {
    this.renewTls = renewTls;
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

function newSocket(): Socket {
  return isNode ? new ReadingSocket({ highWaterMark: writeBudgetBytes }) : new Socket();
}

function nameOf(address: NetworkAddress): string {
  return `${address.host}:${address.port}`;
}
