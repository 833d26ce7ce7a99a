import type { RecordInput } from "@millrace/state";

/** Views of what was read, or copies once somebody keeps them: one for all who do. */
export class InputBytes implements RecordInput {
  #key: Uint8Array | null;
  #value: Uint8Array | null;
  #isKept = false;

  constructor(key: Uint8Array | null, value: Uint8Array | null) {
    this.#key = key;
    this.#value = value;
  }

  get key(): Uint8Array | null {
    return this.#key;
  }

  get value(): Uint8Array | null {
    return this.#value;
  }

  kept(): RecordInput {
    if (this.#isKept) return this;
    this.#isKept = true;
    this.#key = this.#key?.slice() ?? null;
    this.#value = this.#value?.slice() ?? null;
    return this;
  }
}
