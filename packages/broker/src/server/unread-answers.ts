/** What a single answer may hold although no room is left: clients must get on. */
const answerBytesMin = 64 * 1024;

/** Bytes of answers that are being made, or were made and no client has taken yet, of all connections together. */
export class UnreadAnswers {
  readonly #bytesMax: number;
  readonly #onFull: () => void;
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

  /**
   * What the next answer may hold, where it can be smaller than was asked for: a part of what is left, so that however
   * many ask, there is something left for the next.
   */
  get answerBytesMax(): number {
    return Math.max(Math.floor((this.#bytesMax - this.#bytes) / 4), answerBytesMin);
  }

  add(bytes: number): void {
    const wasFull = this.isFull;
    this.#bytes += bytes;
    if (!wasFull && this.isFull) this.#onFull();
  }
}
