import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Duplex } from "node:stream";

import { headerBytesMax, type HttpSettings } from "./http-options.ts";

/** Bytes of one request's body that a sender may be ahead. */
const windowBytes = 64 * 1024;

/** Bytes that one connection may have this process keep: headers, and what was not sent yet. */
const connectionMegabytesMax = 8;

type AnswerStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/**
 * The connections that speak HTTP/2, each with many requests at once.
 *
 * ```
 *  open ──close──> no request more (GOAWAY) ──none under way──> closed
 *    └──nothing moves for idleTimeout──> broken
 * ```
 */
export class Http2Sessions {
  readonly #server: Http2Server;
  readonly #open = new Set<ServerHttp2Session>();
  #isClosing = false;

  constructor({ requestsMax, idleTimeout }: HttpSettings, answer: AnswerStream) {
    this.#server = createServer({
      maxSessionMemory: connectionMegabytesMax,
      settings: {
        enablePush: false,
        maxConcurrentStreams: requestsMax,
        maxHeaderListSize: headerBytesMax,
        initialWindowSize: windowBytes,
      },
    });
    this.#server.on("session", (session) => this.#begin(session, idleTimeout));
    this.#server.on("stream", (stream: ServerHttp2Stream, headers) => {
      stream.on("error", () => {}); // told by its close
      // A close, whatever its code, would first end what was sent of an answer as if it were whole.
      stream.setTimeout(idleTimeout, () => stream.destroy(new Error("nothing moves on it")));
      answer(stream, headers);
    });
    this.#server.on("sessionError", () => {}); // its close tells it
  }

  /** One whose other end has gone is given up: Node waits for streams that nobody will end. */
  accept(socket: Duplex): void {
    socket.once("end", () => socket.destroy());
    this.#server.emit("connection", socket);
  }

  /** Takes no request more; connections end with what is under way on them. */
  close(): void {
    this.#isClosing = true;
    for (const session of this.#open) session.close();
  }

  destroy(): void {
    for (const session of this.#open) session.destroy();
  }

  #begin(session: ServerHttp2Session, idleTimeout: number): void {
    this.#open.add(session);
    session.once("close", () => this.#open.delete(session));
    session.on("error", () => {}); // told by its close
    session.setTimeout(idleTimeout, () => session.destroy());
    if (this.#isClosing) session.close();
  }
}
