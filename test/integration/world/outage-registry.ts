import { SerdePendingError, type Serde } from "@millrace/serde";

import { TestSchemas } from "./fetching-serde.ts";

/** Schemas as `TestSchemas` has them, of a registry that is known not to answer. */
export class OutageRegistry extends TestSchemas {
  readonly #source = { name: "the registry", failure: new Error("the registry is away") };

  override serde(): Serde<string> {
    const within = super.serde();
    const told = <T>(call: () => T): T => {
      try {
        return call();
      } catch (error) {
        if (!(error instanceof SerdePendingError)) throw error;
        throw new SerdePendingError(error.what, error.ready, this.#source);
      }
    };
    return {
      ...within,
      serialize: (text, topic) => told(() => within.serialize(text, topic)),
      deserialize: (bytes, topic) => told(() => within.deserialize(bytes, topic)),
    };
  }
}
