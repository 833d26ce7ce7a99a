import type { Socket } from "node:net";
import type { PeerCertificate } from "../tls.ts";
import type { Connection, ConnectionHandler } from "../network.ts";
import { handshakeError, networkError } from "./network-errors.ts";
import { ReadingSocket } from "./reading-socket.ts";
import { unsetHandler } from "../unset-handler.ts";

/** Bytes that may wait in one connection before `write` says false. */
export const writeBudgetBytes = 256 * 1024;

/** How long an ended connection waits for its peer to close too. */
const lingerMs = 5_000;

/** One TCP socket, or TLS over one. */
export class NodeConnection implements Connection {
  readonly remoteAddress: string;
  handler: ConnectionHandler = unsetHandler;
  readonly #socket: Socket;
  /** Set by whoever has checked it. */
  peerCertificate: PeerCertificate | undefined;
  /** Set by whoever greets the peer: a close is a failed handshake then. */
  isShaking = false;
  #isOpen = true;
  #error: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    const receive = (chunk: Uint8Array) => {
      if (this.#isOpen) this.handler.data(chunk);
    };
    if (socket instanceof ReadingSocket) socket.receive = receive;
    // A plain view: slicing a buffer of Node's copies nothing.
    else
      socket.on("data", (chunk: Uint8Array) =>
        receive(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)),
      );
    socket.on("drain", () => {
      if (this.#isOpen) this.handler.drained();
    });
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("close", () => this.#finish());
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  write(parts: readonly Uint8Array[], sent?: () => void): boolean {
    const socket = this.#socket;
    if (!this.#isOpen || !socket.writable) return true;
    const written = sent && ((error?: Error | null) => (error ? undefined : sent()));
    if (parts.length === 1) return socket.write(parts[0], written);
    socket.cork();
    let hasRoom = true;
    for (const [index, part] of parts.entries())
      hasRoom = socket.write(part, index === parts.length - 1 ? written : undefined);
    socket.uncork();
    return hasRoom;
  }

  pause(): void {
    if (this.#isOpen) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const socket = this.#socket;
    const timeout = setTimeout(() => socket.destroy(), lingerMs);
    timeout.unref();
    socket.once("close", () => clearTimeout(timeout));
    // What still comes in is read and dropped: closing on unread bytes would reset the peer before it has read ours.
    socket.end();
    socket.resume();
  }

  destroy(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #finish(): void {
    const isCut = this.#isOpen && this.isShaking;
    this.#isOpen = false;
    const error = this.#error;
    if (isCut) this.handler.closed(handshakeError(`serve ${this.remoteAddress}`, error));
    else this.handler.closed(error === undefined ? undefined : networkError("go on", error));
  }
}
