import { noHeaders, type Headers, type Timestamp } from "@millrace/model";
import type { ReadableBytes, StoreScan } from "../contract/bytes-store.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import type { StoredValue } from "../contract/store-view.ts";
import type { ReadAccess } from "./value-access.ts";
import type { ValueLayout } from "./value-layout.ts";

/** How queries read rows: as bytes, beside the operators. */
export class ViewAccess implements ReadAccess<Uint8Array, Uint8Array> {
  readonly followsPaths = false;
  readonly #bytes: ReadableBytes;
  readonly #layout: ValueLayout;
  #timestamp: Timestamp = -1;
  #headers: Headers = noHeaders;

  constructor(bytes: ReadableBytes, layout: ValueLayout) {
    this.#bytes = bytes;
    this.#layout = layout;
  }

  get readTimestamp(): Timestamp {
    return this.#timestamp;
  }

  get readHeaders(): Headers {
    return this.#headers;
  }

  read(key: Uint8Array): Uint8Array | null {
    const stored = this.#bytes.get(key);
    this.#timestamp = stored === null ? -1 : this.#layout.timestampOf(stored);
    this.#headers = stored === null ? noHeaders : this.#layout.headersOf(stored);
    return stored === null ? null : this.#layout.valueOf(stored);
  }

  scan(range: StoreScan): EntryCursor {
    return this.#bytes.scan(range);
  }

  usesAlong(): undefined {}
}

/** A row's value as queries have it. */
export function storedValueOf(layout: ValueLayout, stored: Uint8Array): StoredValue {
  return {
    value: layout.valueOf(stored),
    timestamp: layout.timestampOf(stored),
    headers: layout.headersOf(stored),
  };
}
