/** Less than this is not worth the trouble. */
const lentBytesMin = 64 * 1024;
/** Sizes are rounded up to it, so that one fits the next read too. */
const stepBytes = 64 * 1024;
/** A piece that is larger than this many times what is wanted waits for a larger read. */
const excessFactorMax = 2;
/** A view that keeps more than this many times its own size alive is copied. */
export const pinnedFactorMax = 4;
/** What is kept while nobody reads. */
const freeBytesMaxDefault = 16 * 1024 * 1024;

/**
 * Memory for what is read from files, which is lent again once it was given back: each read with memory of its own would
 * make the runtime look through its whole heap every few reads. What is never given back, such as the answer of a
 * connection that broke, is collected as any other memory.
 */
export class ReadMemory {
  readonly #freeBytesMax: number;
  readonly #free: ArrayBufferLike[] = [];
  /** Whose owner may give them back. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #freeBytes = 0;

  constructor(freeBytesMax: number = freeBytesMaxDefault) {
    this.#freeBytesMax = freeBytesMax;
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** What lies in it is anything. */
  take(sizeBytes: number): Uint8Array {
    if (sizeBytes < lentBytesMin) return new Uint8Array(sizeBytes);
    const buffer = this.#takeFree(sizeBytes) ?? new ArrayBuffer(roundUp(sizeBytes));
    this.#lent.add(buffer);
    return new Uint8Array(buffer, 0, sizeBytes);
  }

  /** Takes back, once each, the pieces that these views lie in; other views are overlooked. Nobody may use them any more. */
  giveBack(views: readonly Uint8Array[]): void {
    for (const { buffer } of views) {
      if (!this.#lent.delete(buffer)) continue;
      if (this.#freeBytes + buffer.byteLength > this.#freeBytesMax) continue;
      this.#free.push(buffer);
      this.#freeBytes += buffer.byteLength;
    }
  }

  /** The smallest that is large enough. */
  #takeFree(sizeBytes: number): ArrayBufferLike | undefined {
    let best = -1;
    for (const [index, { byteLength }] of this.#free.entries()) {
      if (byteLength < sizeBytes || byteLength > excessFactorMax * sizeBytes) continue;
      if (best < 0 || byteLength < this.#free[best].byteLength) best = index;
    }
    if (best < 0) return undefined;
    const [taken] = this.#free.splice(best, 1);
    this.#freeBytes -= taken.byteLength;
    return taken;
  }
}

function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / stepBytes) * stepBytes;
}
