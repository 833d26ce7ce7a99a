import { compareBytes, noBytes } from "@millrace/model";
import type { EntryCursor } from "../contract/store-engine.ts";

/** Newer entries that lie over older ones; a null value hides what is beneath. */
export interface OverlayCursor extends Disposable {
  next(): boolean;
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Walks an overlay and what lies beneath as one: the overlay wins, its nulls hide. Both go the same way. */
export class MergeCursor implements EntryCursor {
  readonly #overlay: OverlayCursor;
  readonly #base: EntryCursor;
  readonly #sign: 1 | -1;
  #hasOverlay: boolean;
  #hasBase: boolean;
  #value: Uint8Array | null = null;
  /** Which of the two the current entry came from, to be moved on with the next `next`. */
  #current: "none" | "overlay" | "base" | "both" = "none";

  constructor(overlay: OverlayCursor, base: EntryCursor, direction: "forward" | "backward") {
    this.#overlay = overlay;
    this.#base = base;
    this.#sign = direction === "forward" ? 1 : -1;
    this.#hasOverlay = overlay.next();
    this.#hasBase = base.next();
  }

  next(): boolean {
    for (;;) {
      this.#moveOn();
      if (!this.#hasOverlay && !this.#hasBase) return false;
      this.#current = this.#choose();
      this.#value = this.#current === "base" ? this.#base.value : this.#overlay.value;
      if (this.#value !== null) return true;
    }
  }

  get key(): Uint8Array {
    return this.#current === "base" ? this.#base.key : this.#overlay.key;
  }

  get value(): Uint8Array {
    return this.#value ?? noBytes;
  }

  #moveOn(): void {
    const current = this.#current;
    this.#current = "none";
    if (current === "overlay" || current === "both") this.#hasOverlay = this.#overlay.next();
    if (current === "base" || current === "both") this.#hasBase = this.#base.next();
  }

  #choose(): "overlay" | "base" | "both" {
    if (!this.#hasBase) return "overlay";
    if (!this.#hasOverlay) return "base";
    const order = this.#sign * compareBytes(this.#overlay.key, this.#base.key);
    return order === 0 ? "both" : order < 0 ? "overlay" : "base";
  }

  [Symbol.dispose](): void {
    this.#overlay[Symbol.dispose]();
    this.#base[Symbol.dispose]();
  }
}
