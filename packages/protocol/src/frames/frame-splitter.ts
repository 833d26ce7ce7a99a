import { noBytes } from "@millrace/model";
import { ProtocolError } from "../protocol-error.ts";
import { readInt32 } from "../wire/int64.ts";

/** Kafka's default for `socket.request.max.bytes`. */
export const frameBytesMaxDefault = 100 * 1024 * 1024;

const prefixBytes = 4;
/** A frame that has come in part gets room for this much at once, */
const eagerBytes = 1024;
/** and for this many times what has come, whatever it claims. */
const growthFactor = 4;

/**
 * Cuts a byte stream into size-prefixed frames. What is pushed is copied, once; of a large frame up to a third is
 * copied again, since memory is taken in proportion to what has come, never for a size that was claimed.
 *
 *     chunk ──▶ frames that lie in it whole: one copy of them all ──▶ runs ──▶ next: a view
 *           └─▶ the one that goes on in the next chunk: its room ─────▶ ▲
 *
 * @example
 * splitter.push(chunk);
 * for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) handle(frame);
 */
export class FrameSplitter {
  #frameBytesMax: number;
  /** Whole frames with their prefixes. */
  #runs: Uint8Array[] = [];
  /** Bytes of the first run that are taken. */
  #consumed = 0;
  /** Of the frame that has begun, from its prefix on. */
  #room: Uint8Array = noBytes;
  #filled = 0;
  /** How much of it there will be, as far as is known. */
  #expected = prefixBytes;
  #buffered = 0;
  #failure: ProtocolError | undefined;

  constructor(frameBytesMax: number = frameBytesMaxDefault) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes that wait to be taken, or for the rest of their frame. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** For frames that have not begun yet. */
  setFrameBytesMax(frameBytesMax: number): void {
    this.#frameBytesMax = frameBytesMax;
  }

  /** The chunk stays the caller's. */
  push(chunk: Uint8Array): void {
    this.#buffered += chunk.length;
    const start = this.#filled === 0 ? 0 : this.#goOn(chunk, 0);
    if (this.#failure !== undefined) return;
    const end = this.#endOfWhole(chunk, start);
    if (end > start) this.#runs.push(chunk.slice(start, end));
    this.#goOn(chunk, end);
  }

  /**
   * The next whole frame, without its size prefix: a view of memory that nothing is written to any more, and which it
   * may share with other frames. Undefined until more has come.
   *
   * @throws ProtocolError `FRAME_TOO_LARGE`: the stream cannot be read any further
   */
  next(): Uint8Array | undefined {
    const run = this.#runs[0];
    if (run === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      return undefined;
    }
    const start = this.#consumed + prefixBytes;
    const end = start + readInt32(run, this.#consumed);
    this.#buffered -= end - this.#consumed;
    this.#consumed = end;
    if (end === run.length) {
      this.#runs.shift();
      this.#consumed = 0;
    }
    return run.subarray(start, end);
  }

  /** Where the last frame ends that lies in the chunk as a whole. */
  #endOfWhole(chunk: Uint8Array, start: number): number {
    let end = start;
    while (chunk.length - end >= prefixBytes) {
      const sizeBytes = prefixBytes + readInt32(chunk, end);
      // One that claims too much is found out once it has begun.
      if (sizeBytes < prefixBytes || sizeBytes > chunk.length - end) break;
      if (sizeBytes - prefixBytes > this.#frameBytesMax) break;
      end += sizeBytes;
    }
    return end;
  }

  /** Adds to the frame that has begun, or begins one; gives where that ends in the chunk. */
  #goOn(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length && this.#failure === undefined) {
      const count = Math.min(this.#expected - this.#filled, chunk.length - at);
      // The prefix alone takes next to nothing, so that it may come byte by byte.
      this.#reserve(this.#filled + count);
      this.#room.set(chunk.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#expected) break;
      if (this.#filled === prefixBytes) this.#expected = this.#checkedSizeBytes();
      if (this.#filled === this.#expected) {
        this.#end();
        break;
      }
    }
    return at;
  }

  #checkedSizeBytes(): number {
    const size = readInt32(this.#room, 0);
    if (size >= 0 && size <= this.#frameBytesMax) return prefixBytes + size;
    this.#failure = new ProtocolError(
      "FRAME_TOO_LARGE",
      `a frame claims ${size} bytes where 0 to ${this.#frameBytesMax} are allowed; is it Kafka?`,
    );
    return prefixBytes + 1;
  }

  #end(): void {
    this.#runs.push(this.#room);
    this.#room = noBytes;
    this.#filled = 0;
    this.#expected = prefixBytes;
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#room.length) return;
    const wanted = Math.max(eagerBytes, growthFactor * sizeBytes);
    const room = new Uint8Array(Math.min(this.#expected, wanted));
    room.set(this.#room.subarray(0, this.#filled));
    this.#room = room;
  }
}
