import type { ReadableBytes } from "../../contract/bytes-store.ts";
import type { StoreCursor } from "../../contract/store-cursor.ts";
import type { ScanRange } from "../../contract/store-engine.ts";
import type { KeyValueReads, StoredValue } from "../../contract/store-view.ts";
import { TypedCursor } from "../../layers/typed-cursor.ts";
import type { ValueLayout } from "../../layers/value-layout.ts";
import { storedValueOf } from "../../layers/view-access.ts";

/** A key-value store as queries read it. */
export class KeyValueView implements KeyValueReads {
  readonly #bytes: ReadableBytes;
  readonly #layout: ValueLayout;

  constructor(bytes: ReadableBytes, layout: ValueLayout) {
    this.#bytes = bytes;
    this.#layout = layout;
  }

  get(key: Uint8Array): StoredValue | null {
    const stored = this.#bytes.get(key);
    return stored === null ? null : storedValueOf(this.#layout, stored);
  }

  scan(range: ScanRange): StoreCursor<Uint8Array, StoredValue> {
    return new TypedCursor(this.#bytes.scan(range), {
      key: (key) => key,
      value: (stored) => storedValueOf(this.#layout, stored),
    });
  }

  approximateEntryCount(): number {
    return this.#bytes.approximateEntryCount();
  }
}
