import { toHex } from "@millrace/model";
import { keyPlace, SerdeError, serializeWith, type Serde } from "@millrace/serde";

import { TestDriverError } from "./test-driver-error.ts";

/** A record of an output, with its key as it was written. */
export interface KeyedRecord<K, V> {
  readonly keyBytes: Uint8Array | null;
  readonly key: K | null;
  readonly value: V | null;
}

/**
 * The last value of each key. Keys are one where their bytes are, also those that are objects: windowed ones, JSON, bytes.
 * `get` and `has` find those by an equal one. Otherwise it is a plain Map, so that test frameworks compare it as one.
 *
 * @throws TestDriverError `NULL_KEY`: a record has no key, and no type of keys says so
 */
export function outputTable<K, V>(
  records: Iterable<KeyedRecord<K, V>>,
  { keySerde, topic }: { readonly keySerde: Serde<K>; readonly topic: string },
): ReadonlyMap<K, V | null> {
  const table = new Map<K, V | null>();
  const objects = new Map<string, K>();
  for (const { keyBytes, key, value } of records)
    if (!isKeyOf(keySerde, key))
      throw new TestDriverError(
        "NULL_KEY",
        `topic ${topic} has a record with a null key, which is no row of a table; read it with readPairs, or give the output optional(${keySerde.name}) as its key`,
      );
    else if (keyBytes === null || !isObject(key)) table.set(key, value);
    else {
      const text = toHex(keyBytes);
      const known = objects.get(text) ?? key;
      objects.set(text, known);
      table.set(known, value);
    }
  if (objects.size === 0) return table;
  const known = (key: K): K => {
    const text = isObject(key) ? textOf(key, keySerde, topic) : undefined;
    return (text === undefined ? undefined : objects.get(text)) ?? key;
  };
  const { get, has } = Map.prototype;
  return Object.defineProperties(table, {
    get: { value: (key: K): unknown => get.call(table, known(key)) },
    has: { value: (key: K): boolean => has.call(table, known(key)) },
  });
}

/** Null is a key where the serde says so. */
function isKeyOf<K>(serde: Serde<K>, key: K | null): key is K {
  return key !== null || serde.isNullable;
}

function isObject<T>(value: T): value is T & object {
  return typeof value === "object" && value !== null;
}

/** Undefined: no key of the topic; test frameworks ask for those too when they compare tables. */
function textOf<K>(key: K & object, serde: Serde<K>, topic: string): string | undefined {
  try {
    return toHex(serializeWith(serde, key, topic, keyPlace));
  } catch (thrown) {
    if (thrown instanceof SerdeError) return undefined;
    throw thrown;
  }
}
