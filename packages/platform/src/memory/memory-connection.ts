import { concatBytes } from "@millrace/model";
import type { Connection, ConnectionHandler } from "../network.ts";
import type { Timers } from "../platform.ts";
import { unsetHandler } from "../unset-handler.ts";

/** Bytes that may wait in one connection before `write` says false. */
const writeBudgetBytes = 256 * 1024;

/** One end; what it writes waits here until a later turn hands it to the other end. */
export class MemoryConnection implements Connection {
  readonly remoteAddress: string;
  readonly peerCertificate = undefined;
  handler: ConnectionHandler = unsetHandler;
  readonly #timers: Pick<Timers, "after">;
  #peer: MemoryConnection = this;
  #outgoing: Uint8Array[] = [];
  #sentCallbacks: (() => void)[] = [];
  #outgoingBytes = 0;
  #isOpen = true;
  #isEnding = false;
  #isPaused = false;
  #owesDrained = false;
  #isScheduled = false;
  #isFinished = false;

  private constructor(timers: Pick<Timers, "after">, remoteAddress: string) {
    this.#timers = timers;
    this.remoteAddress = remoteAddress;
  }

  static pair(
    timers: Pick<Timers, "after">,
    remoteAddress: string,
  ): readonly [MemoryConnection, MemoryConnection] {
    const near = new MemoryConnection(timers, remoteAddress);
    const far = new MemoryConnection(timers, remoteAddress);
    near.#peer = far;
    far.#peer = near;
    return [near, far];
  }

  get bufferedBytes(): number {
    return this.#outgoingBytes;
  }

  write(parts: readonly Uint8Array[], sent?: () => void): boolean {
    if (!this.#isOpen || this.#isEnding) return true;
    if (sent !== undefined) this.#sentCallbacks.push(sent);
    for (const part of parts) {
      this.#outgoing.push(part);
      this.#outgoingBytes += part.length;
    }
    this.#schedule();
    if (this.#outgoingBytes < writeBudgetBytes) return true;
    this.#owesDrained = true;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#peer.#schedule();
  }

  end(): void {
    if (!this.#isOpen || this.#isEnding) return;
    this.#isEnding = true;
    this.#schedule();
    // What the peer has queued is dropped from now on, paused or not.
    this.resume();
  }

  destroy(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#discard();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#timers.after(0, () => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** Bytes first, the close after them. */
  #deliver(): void {
    const peer = this.#peer;
    if (this.#outgoing.length > 0) {
      if (peer.#isPaused && !peer.#isEnding) return;
      const chunk = concatBytes(...this.#outgoing);
      const sentCallbacks = this.#sentCallbacks;
      this.#discard();
      for (const sent of sentCallbacks) sent();
      if (peer.#isOpen && !peer.#isEnding) peer.#hand(chunk);
      if (this.#owesDrained && this.#isOpen) {
        this.#owesDrained = false;
        this.handler.drained();
      }
      if (this.#outgoing.length > 0) return;
    }
    if (this.#isOpen && !this.#isEnding) return;
    this.#finish();
    peer.#finishBehindOutgoing();
  }

  /** The chunk is a copy, since the writer may keep its parts. It changes at once, so that a receiver that keeps a view of it is found out. */
  #hand(chunk: Uint8Array): void {
    this.handler.data(chunk);
    chunk.fill(0xdd);
  }

  /** The other end has closed: nothing can be sent any more, what waits is dropped. */
  #finishBehindOutgoing(): void {
    this.#discard();
    this.#finish();
  }

  #discard(): void {
    this.#outgoing = [];
    this.#sentCallbacks = [];
    this.#outgoingBytes = 0;
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#isOpen = false;
    this.handler.closed();
  }
}
