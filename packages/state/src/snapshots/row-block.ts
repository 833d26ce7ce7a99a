/** Rows of a store as a file has them, one after the other: key length (4), key, value length (4), value; numbers are big-endian. */
export class RowBlock {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;
  #rows = 0;

  constructor(roomBytes: number) {
    this.#bytes = new Uint8Array(roomBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get rows(): number {
    return this.#rows;
  }

  get lengthBytes(): number {
    return this.#length;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    this.#makeRoom(8 + key.length + value.length);
    this.#put(key);
    this.#put(value);
    this.#rows += 1;
  }

  /** What was added, which is the caller's; the block is empty again. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = this.#rows = 0;
    return taken;
  }

  #put(bytes: Uint8Array): void {
    this.#view.setInt32(this.#length, bytes.length);
    this.#bytes.set(bytes, this.#length + 4);
    this.#length += 4 + bytes.length;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
