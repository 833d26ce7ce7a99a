import { ProtocolError } from "../protocol-error.ts";
import { batchHeaderBytes, batchMagic, readBatchSizeBytes, readMagic } from "./batch-header.ts";

/** Bytes that tell the size and the magic of a batch. */
const prologueBytes = 17;

/**
 * Makes sure that a whole batch of version 2 lies at a position.
 *
 * @throws ProtocolError `MALFORMED_BATCH`, `UNSUPPORTED_MAGIC`
 */
export function checkBatchBounds(bytes: Uint8Array, position: number): void {
  const remaining = bytes.length - position;
  if (position < 0 || remaining < batchHeaderBytes) {
    throw new ProtocolError(
      "MALFORMED_BATCH",
      `a record batch needs ${batchHeaderBytes} bytes where ${remaining} are left`,
    );
  }
  checkPrologue(bytes, position);
  const size = readBatchSizeBytes(bytes, position);
  if (size > remaining) {
    throw new ProtocolError(
      "MALFORMED_BATCH",
      `a record batch claims ${size} bytes where ${remaining} are left`,
    );
  }
}

function checkPrologue(bytes: Uint8Array, position: number): void {
  const magic = readMagic(bytes, position);
  if (magic !== batchMagic) {
    throw new ProtocolError(
      "UNSUPPORTED_MAGIC",
      `a record batch has magic ${magic}; only ${batchMagic} (Kafka 0.11 and later) is read`,
    );
  }
  const size = readBatchSizeBytes(bytes, position);
  if (size < batchHeaderBytes) {
    throw new ProtocolError(
      "MALFORMED_BATCH",
      `a record batch claims ${size} bytes; its header alone has ${batchHeaderBytes}`,
    );
  }
}

/**
 * Walks the batches in a range of bytes, as a fetch brings them. The last one may be cut off: it is
 * left over, not an error.
 *
 * @example
 * const cursor = new BatchCursor(bytes);
 * while (cursor.next()) use(bytes, cursor.position, cursor.sizeBytes);
 */
export class BatchCursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;
  #sizeBytes = 0;
  #isDone = false;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = Math.min(end, bytes.length);
  }

  /** Of the batch under the cursor; at the end, of what is left over. */
  get position(): number {
    return this.#position;
  }

  /** Bytes of the batch under the cursor. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** After the end: bytes of a batch that is not all there. */
  get leftoverBytes(): number {
    return this.#isDone ? this.#end - this.#position : 0;
  }

  /** Moves to the next whole batch; false where there is none. @throws ProtocolError */
  next(): boolean {
    this.#position += this.#sizeBytes;
    this.#sizeBytes = 0;
    const remaining = this.#end - this.#position;
    if (remaining >= prologueBytes) {
      checkPrologue(this.#bytes, this.#position);
      const size = readBatchSizeBytes(this.#bytes, this.#position);
      if (size <= remaining) {
        this.#sizeBytes = size;
        return true;
      }
    }
    this.#isDone = true;
    return false;
  }
}
