import type { Timestamp } from "@millrace/model";
import type { VersionedRecord, VersionRange } from "../../contract/versioned-store.ts";
import type { Version, VersionRows } from "./version-rows.ts";

/** A versioned store as queries read it: its values are bytes. */
export class VersionedView {
  readonly #rows: VersionRows;

  constructor(rows: VersionRows) {
    this.#rows = rows;
  }

  get(key: Uint8Array, asOf?: Timestamp): VersionedRecord<Uint8Array> | null {
    return seen(asOf === undefined ? this.#rows.latest(key) : this.#rows.asOf(key, asOf));
  }

  history(key: Uint8Array, range: VersionRange = {}): readonly VersionedRecord<Uint8Array>[] {
    const records = this.#rows.history(key, range).flatMap((version) => seen(version) ?? []);
    return range.reverse === true ? records.toReversed() : records;
  }
}

function seen(version: Version | null): VersionedRecord<Uint8Array> | null {
  if (version === null || version.value === null) return null;
  return { value: version.value, timestamp: version.from, validTo: version.to };
}
