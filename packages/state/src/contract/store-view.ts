import type { Headers, Timestamp } from "@millrace/model";
import type { ReadOnlySessionStore } from "./session-store.ts";
import type { ScanRange } from "./store-engine.ts";
import type { StoreCursor } from "./store-cursor.ts";
import type { ReadOnlyVersionedKeyValueStore } from "./versioned-store.ts";
import type { ReadOnlyWindowStore } from "./window-store.ts";

/**
 * Which writes a query sees: those that are committed; or all, as operators see them, also those that an abort will
 * take back.
 */
export type QueryIsolation = "committed" | "live";

/** A value as its serde wrote it, with what lies beside it. */
export interface StoredValue {
  readonly value: Uint8Array;
  /** -1: the store keeps none. */
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** How a query reads a key-value store. */
export interface KeyValueReads {
  get(key: Uint8Array): StoredValue | null;
  scan(range: ScanRange): StoreCursor<Uint8Array, StoredValue>;
  approximateEntryCount(): number;
}

/**
 * One store as a query reads it: keys and values as their serdes wrote them. Nothing is loaded into a cache, or moved in
 * it, or forwarded. A cursor shows the store as it was when it was opened, also across commits, or ends with `StateError`
 * `CURSOR_ENDED`.
 */
export type StoreView =
  | { readonly kind: "keyValue"; readonly store: KeyValueReads }
  | { readonly kind: "window"; readonly store: ReadOnlyWindowStore<Uint8Array, StoredValue> }
  | { readonly kind: "session"; readonly store: ReadOnlySessionStore<Uint8Array, StoredValue> }
  | {
      readonly kind: "versioned";
      readonly store: Pick<
        ReadOnlyVersionedKeyValueStore<Uint8Array, Uint8Array>,
        "get" | "history"
      >;
    };
