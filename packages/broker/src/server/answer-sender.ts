import type { ReadMemory } from "@millrace/log";
import type { Connection } from "@millrace/platform";
import { ResponseQueue, type ResponseSlot } from "./response-queue.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

export interface AnswerSenderParts {
  readonly connection: Connection;
  /** Gets back what answers lay in, once they are sent. */
  readonly readMemory: ReadMemory;
  /** Of all connections. */
  readonly unread: UnreadAnswers;
  /** What was there to be sent has left. */
  readonly onFlushed: () => void;
}

/** Answers of one connection on their way out, in the order of their requests; bytes that the client has not taken count. */
export class AnswerSender {
  readonly #parts: AnswerSenderParts;
  readonly #queue = new ResponseQueue();
  #isFlushQueued = false;
  #isStalled = false;
  #isClosed = false;
  /** What this connection has added to the unread answers. */
  #unreadBytes = 0;

  constructor(parts: AnswerSenderParts) {
    this.#parts = parts;
  }

  /** Requests whose answers have not left. */
  get size(): number {
    return this.#queue.size;
  }

  /** True while an answer is not there yet. */
  get hasOpen(): boolean {
    return this.#queue.hasOpen;
  }

  /** Of the requests whose answers have not left. */
  get unansweredBytes(): number {
    return this.#queue.unansweredBytes;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** The client takes nothing at the moment. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  open(requestBytes: number): ResponseSlot {
    return this.#queue.open(requestBytes);
  }

  /** Nothing leaves before `queueFlush`, or `end`. */
  fill(slot: ResponseSlot, parts: readonly Uint8Array[]): void {
    this.#queue.fill(slot, parts);
    this.#count();
  }

  /** Several answers of one moment leave together. */
  queueFlush(): void {
    if (this.#isFlushQueued) return;
    this.#isFlushQueued = true;
    queueMicrotask(() => this.#flush());
  }

  drained(): void {
    this.#isStalled = false;
    this.#count();
  }

  closed(): void {
    this.#isClosed = true;
    this.#count();
  }

  /** Sends what is there; ends the connection where nothing is to come. */
  end(): void {
    const outgoing = this.#queue.takeFilled();
    if (outgoing.length > 0) this.#parts.connection.write(outgoing);
    if (this.#queue.size === 0) this.#parts.connection.end();
  }

  #flush(): void {
    this.#isFlushQueued = false;
    if (this.#isClosed) return;
    const { connection, readMemory, onFlushed } = this.#parts;
    const outgoing = this.#queue.takeFilled();
    if (outgoing.length > 0)
      this.#isStalled = !connection.write(outgoing, () => readMemory.giveBack(outgoing));
    this.#count();
    onFlushed();
  }

  /** What a connection that is not stalled has handed over is as good as taken. */
  #count(): void {
    const stuckBytes = this.#isStalled ? this.#parts.connection.bufferedBytes : 0;
    const bytes = this.#isClosed ? 0 : this.#queue.filledBytes + stuckBytes;
    this.#parts.unread.add(bytes - this.#unreadBytes);
    this.#unreadBytes = bytes;
  }
}
