import type { Timestamp } from "@millrace/model";
import { copyBytes } from "../bytes/key-range.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import type { StoreScan } from "../contract/bytes-store.ts";

/** Gives what lies under a key now, as a scan would see it. */
export type ValueNow = (scan: StoreScan) => Uint8Array | null;

/** What is going to be written, for all cursors that keep what lies there now: it is copied, and read, for the first one. */
export class OverwrittenEntry {
  /** Whoever writes it has it. */
  readonly key: Uint8Array;
  readonly text: string;
  readonly #valueNow: ValueNow;
  #ownKey: Uint8Array | undefined;
  #value: Uint8Array | null | undefined;
  #visibleFrom: Timestamp | undefined;

  constructor(key: Uint8Array, valueNow: ValueNow) {
    this.key = key;
    this.text = toLatin1(key);
    this.#valueNow = valueNow;
  }

  get ownKey(): Uint8Array {
    return (this.#ownKey ??= copyBytes(this.key));
  }

  /** Rows that have expired are hidden: scans see the same by the same time. */
  valueFor(scan: StoreScan): Uint8Array | null {
    if (this.#value === undefined || this.#visibleFrom !== scan.visibleFrom) {
      this.#value = this.#valueNow(scan);
      this.#visibleFrom = scan.visibleFrom;
    }
    return this.#value;
  }
}
