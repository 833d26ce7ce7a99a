import type { Connection, ConnectionHandler } from "../network.ts";
import { networkError } from "./network-errors.ts";
import type { ReadingSocket } from "./reading-socket.ts";
import { unsetHandler } from "../unset-handler.ts";

/** Bytes that may wait in one connection before `write` says false. */
export const writeBudgetBytes = 256 * 1024;

/** How long an ended connection waits for its peer to close too. */
const lingerMs = 5_000;

/** One TCP socket. */
export class NodeConnection implements Connection {
  readonly remoteAddress: string;
  handler: ConnectionHandler = unsetHandler;
  readonly #socket: ReadingSocket;
  #isOpen = true;
  #error: Error | undefined;

  constructor(socket: ReadingSocket) {
    this.#socket = socket;
    this.remoteAddress = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    socket.receive = (chunk) => {
      if (this.#isOpen) this.handler.data(chunk);
    };
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
    this.#isOpen = false;
    const error = this.#error;
    this.handler.closed(error === undefined ? undefined : networkError("go on", error));
  }
}
