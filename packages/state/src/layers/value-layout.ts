import { concatBytes, noHeaders, type Headers, type Timestamp } from "@millrace/model";
import { headersEnd, headersOf, headersPrefix } from "../bytes/headers-prefix.ts";
import { readInt64, writeInt64 } from "../bytes/int64.ts";
import { partOf } from "../bytes/key-range.ts";
import { ScratchBytes } from "../bytes/scratch-bytes.ts";
import { timestampBytes, timestampOf, valueOf, withTimestamp } from "../bytes/timestamp-prefix.ts";
import type { WriteContext } from "../contract/bytes-store.ts";
import type { ChangelogWriter } from "../contract/changelog-writer.ts";
import type { ChangelogRecord } from "../contract/open-store.ts";

/** What lies in a store besides the bytes of a value's serde, and how a changelog carries it. */
export interface ValueLayout {
  /** Bytes of a stored value without headers besides those of its serde. */
  readonly extraBytes: number;
  /** Whether values have their own headers. */
  readonly hasHeaders: boolean;
  stored(value: Uint8Array, timestamp: Timestamp, headers: Headers): Uint8Array;
  /** Writes the `extraBytes` of a value without headers, behind which its serde writes. */
  begin(stored: Uint8Array, timestamp: Timestamp): void;
  /** A view of the serde's bytes. */
  valueOf(stored: Uint8Array): Uint8Array;
  /** -1 where none is kept. */
  timestampOf(stored: Uint8Array): Timestamp;
  /** None where none are kept. */
  headersOf(stored: Uint8Array): Headers;
  /** Writes a change to its changelog. What a value does not bring along is that of the context. */
  log(
    changelog: ChangelogWriter,
    key: Uint8Array,
    stored: Uint8Array | null,
    context: WriteContext,
  ): void;
  /** The stored form of a changelog record. */
  restored(record: ChangelogRecord): Uint8Array | null;
}

/** The value alone (Kafka: `ChangeLoggingKeyValueBytesStore`). */
export const plainValues: ValueLayout = {
  extraBytes: 0,
  hasHeaders: false,
  stored: (value) => value,
  begin: () => {},
  valueOf: (stored) => stored,
  timestampOf: () => -1,
  headersOf: () => noHeaders,
  log: (changelog, key, stored, { timestamp }) =>
    changelog.append(timestamp, key, stored, noHeaders),
  restored: ({ value }) => value,
};

/** Changelogs copy what they are given. */
const logged = new ScratchBytes();

/** Timestamp (8) ++ value; the changelog's record carries the timestamp (Kafka: `ValueAndTimestamp`). */
export const timestampedValues: ValueLayout = {
  extraBytes: timestampBytes,
  hasHeaders: false,
  stored: withTimestamp,
  begin: (stored, timestamp) => writeInt64(stored, 0, timestamp),
  valueOf,
  timestampOf,
  headersOf: () => noHeaders,
  log: (changelog, key, stored, { timestamp }) => {
    if (stored === null) changelog.append(timestamp, key, null, noHeaders);
    else {
      const value = logged.partOf(stored, timestampBytes);
      changelog.append(timestampOf(stored), key, value, noHeaders);
    }
  },
  restored: ({ value, timestamp }) => (value === null ? null : withTimestamp(value, timestamp)),
};

/** The length of none (`headersPrefix`). */
const noHeadersPrefix = 0;

/** Headers ++ value; the changelog's record carries the headers (Kafka: `AggregationWithHeaders`). */
export const valuesWithHeaders: ValueLayout = {
  extraBytes: 1,
  hasHeaders: true,
  stored: (value, _timestamp, headers) => concatBytes(headersPrefix(headers), value),
  begin: (stored) => {
    stored[0] = noHeadersPrefix;
  },
  valueOf: (stored) => partOf(stored, headersEnd(stored)),
  timestampOf: () => -1,
  headersOf,
  log: (changelog, key, stored, { timestamp, headers }) => {
    if (stored === null) changelog.append(timestamp, key, null, headers);
    else changelog.append(timestamp, key, valuesWithHeaders.valueOf(stored), headersOf(stored));
  },
  restored: ({ value, timestamp, headers }) =>
    value === null ? null : valuesWithHeaders.stored(value, timestamp, headers),
};

/** Headers ++ timestamp (8) ++ value (Kafka: `ValueTimestampHeaders`). */
export const timestampedValuesWithHeaders: ValueLayout = {
  extraBytes: 1 + timestampBytes,
  hasHeaders: true,
  stored: (value, timestamp, headers) =>
    concatBytes(headersPrefix(headers), withTimestamp(value, timestamp)),
  begin: (stored, timestamp) => {
    stored[0] = noHeadersPrefix;
    writeInt64(stored, 1, timestamp);
  },
  valueOf: (stored) => partOf(stored, headersEnd(stored) + timestampBytes),
  timestampOf: (stored) => readInt64(stored, headersEnd(stored)),
  headersOf,
  log: (changelog, key, stored, { timestamp, headers }) => {
    const { timestampOf: timeOf, valueOf: contentOf } = timestampedValuesWithHeaders;
    if (stored === null) changelog.append(timestamp, key, null, headers);
    else changelog.append(timeOf(stored), key, contentOf(stored), headersOf(stored));
  },
  restored: ({ value, timestamp, headers }) =>
    value === null ? null : timestampedValuesWithHeaders.stored(value, timestamp, headers),
};
