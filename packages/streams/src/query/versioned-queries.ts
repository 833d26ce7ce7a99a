import type { Timestamp } from "@millrace/model";
import type { VersionedRecord } from "@millrace/state";

import type { QueryOptions } from "./query-options.ts";
import type { Rows } from "./rows.ts";
import { StoreQueries } from "./store-queries.ts";
import { requireMoment, windowBounds, type WindowRange } from "./time-bounds.ts";

/** A versioned store as it is asked (Kafka: `VersionedKeyQuery`, `MultiVersionedKeyQuery`). */
export class VersionedQueries<K, V> extends StoreQueries<K, V> {
  /** Asked with other options, over these. */
  with(options: QueryOptions): VersionedQueries<K, V> {
    return new VersionedQueries(this.parts.again(options));
  }

  /** The latest version of a key, or the one that was valid at `asOf`; null: there was none, or it is too long ago. */
  async get(
    key: K,
    { asOf }: { readonly asOf?: Timestamp } = {},
  ): Promise<VersionedRecord<V> | null> {
    const at = asOf === undefined ? undefined : requireMoment("asOf", asOf);
    const version = { kind: "version", asOf: at } as const;
    const found = await this.lookUp(key, (bytes) => ({ ...version, key: bytes }));
    const { row, value, timestamp } = found;
    return row === undefined
      ? null
      : { value: value as V, timestamp, validTo: row.validTo ?? null }; // a row has a value
  }

  /** The versions of a key that were valid at some time between two, both inclusive, oldest first. */
  history(key: K, range?: WindowRange): Rows<VersionedRecord<V>> {
    return this.rowsOfKey(
      key,
      (bytes) => ({ kind: "history", key: bytes, ...windowBounds(range) }),
      ({ value, timestamp, headers, validTo = null }) => ({
        value: this.parts.codec.decodeValue(value, headers),
        timestamp,
        validTo,
      }),
    );
  }
}
