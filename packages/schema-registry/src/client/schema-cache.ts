/** Letters of all texts together. */
const lettersMax = 64 * 1024 * 1024;

/** Schemas that never change, by a key: the oldest go when there are too many, or their texts too long. */
export class SchemaCache<Value extends { readonly schema: string }> {
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Value>();
  #letters = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: Value): void {
    this.#delete(key);
    this.#entries.set(key, value);
    this.#letters += value.schema.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#entriesMax && this.#letters <= lettersMax) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#letters -= value.schema.length;
  }
}
