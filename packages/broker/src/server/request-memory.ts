/** What a connection may always send, however little room is left: small requests are never kept waiting by large ones. */
const smallBytes = 64 * 1024;

/** A connection whose bytes count. */
export interface Receiver {
  /** There may be room now: it looks anew. */
  receiveOn(): void;
}

/**
 * Bytes of requests that are received, in part or whole, and not answered yet, of all connections together
 * (Kafka: `queued.max.request.bytes`). Where they are too many, large requests are received one at a time:
 *
 *     room ──too many bytes──▶ full: one large request goes on, the others wait ──answered, closed──▶ room
 */
export class RequestMemory {
  readonly #bytesMax: number;
  readonly #onFull: () => void;
  readonly #waiting = new Set<Receiver>();
  /** The one with a large request that goes on while there is no room. */
  #first: Receiver | undefined;
  #bytes = 0;

  constructor(bytesMax: number, onFull: () => void) {
    this.#bytesMax = bytesMax;
    this.#onFull = onFull;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  add(bytes: number): void {
    const wasFull = this.isFull;
    this.#bytes += bytes;
    if (!wasFull && this.isFull) this.#onFull();
    if (wasFull && !this.isFull) this.#wakeAll();
  }

  /** Whether it may receive more, where so much of a request is there already. */
  mayReceive(receiver: Receiver, receivedBytes: number): boolean {
    if (!this.isFull || receivedBytes <= smallBytes) {
      this.forget(receiver);
      return true;
    }
    this.#first ??= receiver;
    if (this.#first === receiver) return true;
    this.#waiting.add(receiver);
    return false;
  }

  /** It has nothing large under way any more. */
  forget(receiver: Receiver): void {
    this.#waiting.delete(receiver);
    if (this.#first !== receiver) return;
    const [next] = this.#waiting;
    this.#first = next;
    if (next === undefined) return;
    this.#waiting.delete(next);
    next.receiveOn();
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const receiver of waiting) receiver.receiveOn();
  }

  /** Whether it is worth dropping: it is large. */
  static isLarge(receivedBytes: number): boolean {
    return receivedBytes > smallBytes;
  }
}
