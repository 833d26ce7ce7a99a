import { invariant } from "@millrace/model";

/**
 * Counts the bytes that are held, of one partition or (as its parent) of a whole reader. Whoever takes bytes gives
 * back the same number, once; so the count is that of what is held, whatever fails in between.
 */
export class HeldBytes {
  readonly #parent: HeldBytes | undefined;
  #sizeBytes = 0;

  constructor(parent?: HeldBytes) {
    this.#parent = parent;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  take(sizeBytes: number): void {
    this.#sizeBytes += sizeBytes;
    this.#parent?.take(sizeBytes);
  }

  giveBack(sizeBytes: number): void {
    this.#sizeBytes -= sizeBytes;
    invariant(this.#sizeBytes >= 0, "CLIENT-3", { sizeBytes: this.#sizeBytes });
    this.#parent?.giveBack(sizeBytes);
  }
}
