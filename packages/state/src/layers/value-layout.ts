import { noHeaders, type Timestamp } from "@millrace/model";
import { timestampBytes, timestampOf, valueOf, withTimestamp } from "../bytes/timestamp-prefix.ts";
import type { ChangelogWriter } from "../contract/changelog-writer.ts";
import type { ChangelogRecord } from "../contract/open-store.ts";

/** What lies in a store besides the bytes of a value's serde, and how a changelog carries it. */
export interface ValueLayout {
  /** Bytes of a stored value besides those of its serde. */
  readonly extraBytes: number;
  stored(value: Uint8Array, timestamp: Timestamp): Uint8Array;
  /** A view of the serde's bytes. */
  valueOf(stored: Uint8Array): Uint8Array;
  /** -1 where none is kept. */
  timestampOf(stored: Uint8Array): Timestamp;
  /** Writes a change to its changelog. A value that brings no timestamp gets that of the context. */
  log(
    changelog: ChangelogWriter,
    key: Uint8Array,
    stored: Uint8Array | null,
    contextTimestamp: Timestamp,
  ): void;
  /** The stored form of a changelog record. */
  restored(record: ChangelogRecord): Uint8Array | null;
}

/** The value alone (Kafka: `ChangeLoggingKeyValueBytesStore`). */
export const plainValues: ValueLayout = {
  extraBytes: 0,
  stored: (value) => value,
  valueOf: (stored) => stored,
  timestampOf: () => -1,
  log: (changelog, key, stored, contextTimestamp) =>
    changelog.append(contextTimestamp, key, stored, noHeaders),
  restored: ({ value }) => value,
};

/** Timestamp (8) ++ value; the changelog's record carries the timestamp (Kafka: `ValueAndTimestamp`). */
export const timestampedValues: ValueLayout = {
  extraBytes: timestampBytes,
  stored: withTimestamp,
  valueOf,
  timestampOf,
  log: (changelog, key, stored, contextTimestamp) => {
    if (stored === null) changelog.append(contextTimestamp, key, null, noHeaders);
    else changelog.append(timestampOf(stored), key, valueOf(stored), noHeaders);
  },
  restored: ({ value, timestamp }) => (value === null ? null : withTimestamp(value, timestamp)),
};
