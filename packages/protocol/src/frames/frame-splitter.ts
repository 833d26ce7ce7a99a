import { ProtocolError } from "../protocol-error.ts";
import { readInt32 } from "../wire/int64.ts";

/** Kafka's default for `socket.request.max.bytes`. */
export const frameBytesMaxDefault = 100 * 1024 * 1024;

/**
 * Cuts a byte stream into size-prefixed frames. A frame within one chunk comes out as a view of it;
 * only one that spans chunks is copied, and memory is taken for bytes that have come, never for a
 * size that was claimed.
 *
 * @example
 * splitter.push(chunk);
 * for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) handle(frame);
 */
export class FrameSplitter {
  readonly #frameBytesMax: number;
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are consumed. */
  #consumed = 0;
  #buffered = 0;

  constructor(frameBytesMax: number = frameBytesMaxDefault) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes that wait for the rest of their frame. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** The chunk must not change afterwards. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /**
   * The next whole frame, without its size prefix; undefined until more has come.
   *
   * @throws ProtocolError `FRAME_TOO_LARGE`: the stream cannot be read any further
   */
  next(): Uint8Array | undefined {
    if (this.#buffered < 4) return undefined;
    const size = this.#peekSize();
    if (size < 0 || size > this.#frameBytesMax) {
      throw new ProtocolError(
        "FRAME_TOO_LARGE",
        `a frame claims ${size} bytes where 0 to ${this.#frameBytesMax} are allowed; is it Kafka?`,
      );
    }
    if (this.#buffered < 4 + size) return undefined;
    this.#take(4);
    return this.#take(size);
  }

  #peekSize(): number {
    const first = this.#chunks[0];
    if (first.length - this.#consumed >= 4) return readInt32(first, this.#consumed);
    let size = 0;
    let needed = 4;
    let start = this.#consumed;
    for (const chunk of this.#chunks) {
      for (let index = start; index < chunk.length && needed > 0; index++, needed--) {
        size = (size << 8) | chunk[index];
      }
      start = 0;
    }
    return size;
  }

  /** `length` bytes, which are buffered. */
  #take(length: number): Uint8Array {
    this.#buffered -= length;
    const first = this.#chunks[0];
    const end = this.#consumed + length;
    if (first === undefined || end <= first.length) {
      const view = first === undefined ? new Uint8Array(0) : first.subarray(this.#consumed, end);
      this.#consumed = end;
      this.#dropConsumed();
      return view;
    }
    const whole = new Uint8Array(length);
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const chunk = this.#chunks[used];
      const count = Math.min(chunk.length - this.#consumed, length - filled);
      whole.set(chunk.subarray(this.#consumed, this.#consumed + count), filled);
      filled += count;
      this.#consumed += count;
      if (this.#consumed === chunk.length && filled < length) {
        used++;
        this.#consumed = 0;
      }
    }
    this.#chunks.splice(0, used);
    this.#dropConsumed();
    return whole;
  }

  #dropConsumed(): void {
    if (this.#chunks.length > 0 && this.#consumed === this.#chunks[0].length) {
      this.#chunks.shift();
      this.#consumed = 0;
    }
  }
}
