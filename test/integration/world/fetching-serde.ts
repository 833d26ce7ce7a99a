import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { SerdePendingError, type Serde, type SerdeUse } from "@millrace/serde";

/** Where serdes fetch schemas, by the first letter of a text. What is not there yet is waited for. */
export class TestSchemas {
  readonly uses: SerdeUse[] = [];
  /** How often each was asked for. */
  readonly asked = new Map<string, number>();
  readonly #known = new Set<string>();
  readonly #fetches = new Map<string, PromiseWithResolvers<void>>();

  constructor(...known: readonly string[]) {
    for (const one of known) this.#known.add(one);
  }

  /** Texts of whose schema it knows nothing must wait. */
  serde(parts: { readonly reads?: boolean; readonly writes?: boolean } = {}): Serde<string> {
    const { reads = true, writes = true } = parts;
    return {
      name: "fetching",
      isNullable: false,
      usesPlace: true,
      serialize: (text) => {
        if (writes) this.#require(text);
        return encodeUtf8(text);
      },
      deserialize: (bytes) => {
        const text = decodeUtf8(bytes);
        if (reads) this.#require(text);
        return text;
      },
      prepare: (use) => {
        this.uses.push(use);
        return Promise.resolve();
      },
    };
  }

  /** It is there from now on. */
  publish(...schemas: readonly string[]): void {
    for (const schema of schemas) {
      this.#known.add(schema);
      this.#fetches.get(schema)?.resolve();
      this.#fetches.delete(schema);
    }
  }

  #require(text: string): void {
    const schema = text.slice(0, 1);
    if (this.#known.has(schema)) return;
    this.asked.set(schema, (this.asked.get(schema) ?? 0) + 1);
    const fetch = this.#fetches.get(schema) ?? Promise.withResolvers<void>();
    this.#fetches.set(schema, fetch);
    throw new SerdePendingError(`schema ${schema}`, fetch.promise);
  }
}
