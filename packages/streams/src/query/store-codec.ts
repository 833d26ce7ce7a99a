import type { Headers } from "@millrace/model";
import {
  deserializeWith,
  forgetPending,
  keyPlace,
  placeOf,
  SerdeError,
  SerdePendingError,
  serializeWith,
  valuePlace,
  type Serde,
} from "@millrace/serde";

import type { QueryableStore } from "./queryable-stores.ts";

/** Keys and values of a store as its serdes read and write them; what a serde must first fetch is waited for. */
export class StoreCodec<K, V> {
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #topic: string;
  readonly #store: string;

  constructor({ specification, changelogTopic }: QueryableStore) {
    this.#key = specification.key as Serde<K>; // the handle that was asked with says the types
    this.#value = specification.value as Serde<V>;
    this.#topic = changelogTopic;
    this.#store = specification.name;
  }

  encodeKey(key: K): Promise<Uint8Array> {
    return this.encodePart(this.#key, key);
  }

  /** A prefix of keys, by another serde. */
  encodePart<P>(serde: Serde<P>, part: P): Promise<Uint8Array> {
    return patiently(() => this.#serialize(serde, part).slice());
  }

  #serialize<P>(serde: Serde<P>, part: P): Uint8Array {
    try {
      return serializeWith(serde, part as P & {}, this.#topic, keyPlace);
    } catch (error) {
      if (!(error instanceof SerdeError)) throw error;
      const { code, topic, serde: name, cause } = error;
      throw new SerdeError(code, {
        topic,
        serde: name,
        cause,
        query: `a key of store ${this.#store}`,
      });
    }
  }

  decodeKey(bytes: Uint8Array): K {
    return deserializeWith(this.#key, bytes, this.#topic, keyPlace);
  }

  decodeValue(bytes: Uint8Array, headers: Headers): V {
    const place = headers.length === 0 ? valuePlace : placeOf("value", headers);
    return deserializeWith(this.#value, bytes, this.#topic, place);
  }
}

/** Calls what may have to wait for a serde, until it need not. */
export async function patiently<T>(call: () => T): Promise<T> {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof SerdePendingError)) throw error;
      // No record is under way: nobody else is to find it.
      forgetPending();
      await error.ready;
    }
  }
}
