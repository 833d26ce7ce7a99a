import type { HeldBytes } from "./held-bytes.ts";

/** What bytes may pin beyond a quarter of themselves before they are copied. */
const slackBytes = 4096;

/**
 * The bytes that one fetch brought of one partition. They are held, and counted, as long as any batch in them is;
 * where they are a small part of a response that they would hold as a whole, they are a copy.
 */
export class FetchedBytes {
  readonly bytes: Uint8Array;
  readonly #held: HeldBytes;
  readonly #onFreed: () => void;
  #userCount = 0;

  constructor(bytes: Uint8Array, held: HeldBytes, onFreed: () => void) {
    const pinnedBytes = bytes.buffer.byteLength;
    this.bytes = pinnedBytes > 1.25 * bytes.length + slackBytes ? bytes.slice() : bytes;
    this.#held = held;
    this.#onFreed = onFreed;
  }

  /** One batch more lies in them. */
  use(): void {
    if (this.#userCount++ === 0) this.#held.take(this.bytes.buffer.byteLength);
  }

  /** Counts what a batch unpacked. */
  unpacked(sizeBytes: number): void {
    this.#held.take(sizeBytes);
  }

  /** One batch less, with what it unpacked. */
  release(unpackedBytes: number): void {
    if (unpackedBytes > 0) this.#held.giveBack(unpackedBytes);
    const isFree = --this.#userCount === 0;
    if (isFree) this.#held.giveBack(this.bytes.buffer.byteLength);
    if (isFree || unpackedBytes > 0) this.#onFreed();
  }
}
