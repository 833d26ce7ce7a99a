import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

import type { Timer, Timers } from "@millrace/platform";

import { whenSpoken } from "./first-bytes.ts";
import type { Http2Sessions } from "./http2-sessions.ts";
import type { HttpSettings } from "./http-options.ts";

type Accept = (socket: Socket) => void;

/** The connections of one port: of HTTP/1.1 and HTTP/2, which a client chooses by its first bytes, or in its handshake. */
export class ServedConnections {
  readonly #server: Server;
  readonly #sessions: Http2Sessions;
  readonly #timers: Pick<Timers, "after">;
  readonly #headersTimeout: number;
  /** Connections that have not said what they speak. */
  readonly #silent = new Map<Socket, Timer>();
  /** Connections whose handshake has not ended, by their other ends. */
  readonly #greeting = new Map<string, Socket>();

  constructor(
    server: Server,
    sessions: Http2Sessions,
    parts: HttpSettings & { readonly timers: Pick<Timers, "after"> },
  ) {
    this.#server = server;
    this.#sessions = sessions;
    this.#timers = parts.timers;
    this.#headersTimeout = parts.headersTimeout;
    const event = parts.tls === undefined ? "connection" : "secureConnection";
    // What Node's server itself does with a connection.
    const [accept] = server.listeners(event) as Accept[];
    server.removeAllListeners(event);
    const acceptHttp1: Accept = (socket) => accept.call(server, socket);
    if (parts.tls !== undefined) server.on("connection", (socket: Socket) => this.#greet(socket));
    server.on(
      event,
      parts.tls === undefined
        ? (socket: Socket) => this.#listenTo(socket, acceptHttp1)
        : (socket: TLSSocket) => {
            this.#greeting.delete(otherEndOf(socket));
            if (socket.alpnProtocol === "h2") sessions.accept(socket);
            else acceptHttp1(socket);
          },
    );
  }

  /** Resolves once all are gone. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of [...this.#silent.keys(), ...this.#greeting.values()]) socket.destroy();
    this.#sessions.close();
    return closed;
  }

  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  destroy(): void {
    this.#server.closeAllConnections();
    this.#sessions.destroy();
  }

  /** Its handshake is Node's, which bounds the time of it. */
  #greet(socket: Socket): void {
    const otherEnd = otherEndOf(socket);
    this.#greeting.set(otherEnd, socket);
    socket.once("close", () => {
      if (this.#greeting.get(otherEnd) === socket) this.#greeting.delete(otherEnd);
    });
  }

  #listenTo(socket: Socket, acceptHttp1: Accept): void {
    const timer = this.#timers.after(this.#headersTimeout, () => socket.destroy());
    const forget = (): void => {
      timer.cancel();
      this.#silent.delete(socket);
    };
    const ignore = (): void => {}; // told by its close
    this.#silent.set(socket, timer);
    socket.once("close", forget);
    socket.on("error", ignore);
    whenSpoken(socket, (protocol) => {
      socket.off("close", forget);
      socket.off("error", ignore);
      forget();
      if (protocol === "http2") this.#sessions.accept(socket);
      else acceptHttp1(socket);
    });
  }
}

function otherEndOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
