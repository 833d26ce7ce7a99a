import { invariant, type Timestamp } from "@millrace/model";
import { readInt64, writeInt64 } from "../../bytes/int64.ts";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { VersionPut, VersionRange } from "../../contract/versioned-store.ts";
import { RowKeys } from "../segmented/row-keys.ts";
import { SegmentLedger } from "../segmented/segment-ledger.ts";
import type { SegmentSet } from "../segmented/segment-set.ts";

/** A version as bytes; a value of null: the key was deleted. */
export interface Version {
  readonly from: Timestamp;
  /** Null: it is the latest. */
  readonly to: Timestamp | null;
  readonly value: Uint8Array | null;
}

interface PastVersion extends Version {
  readonly to: Timestamp;
}

/** Before the key of a latest version: behind all segments. */
const latestMark = 0xfe;

/**
 * The versions of all keys (Kafka: `RocksDBVersionedStore`). The latest of each lies by itself and never expires, unless
 * the key was deleted; past ones lie in the segment of the time at which they ended, and go with it.
 *
 * A deletion shows in the end of the version before it. Where there is none it is a version that ends when it begins, so
 * that an older version which comes later ends there.
 */
export class VersionRows {
  readonly ledger: SegmentLedger;
  readonly keys: RowKeys;
  readonly #bytes: EngineBytes;

  /** @param known see `SegmentLedger` */
  constructor(
    bytes: EngineBytes,
    options: { readonly retentionMs: number; readonly segmentIntervalMs: number },
    known?: SegmentSet,
  ) {
    this.#bytes = bytes;
    this.keys = new RowKeys(options.segmentIntervalMs, 8);
    this.ledger = new SegmentLedger(bytes, this.keys, options.retentionMs, known);
  }

  put(key: Uint8Array, value: Uint8Array | null, timestamp: Timestamp): VersionPut {
    if (timestamp < this.ledger.expiry) return "expired";
    this.ledger.advance(timestamp);
    const latest = this.latest(key);
    if (latest !== null && timestamp >= latest.from) {
      if (timestamp > latest.from) this.#addPast(key, { ...latest, to: timestamp });
      this.#putLatest(key, value, timestamp);
      return "latest";
    }
    const next = this.#endingAfter(key, timestamp);
    if (next !== null && next.from <= timestamp)
      return this.#split(key, next, { value, timestamp });
    const to = next?.from ?? latest?.from ?? null;
    if (to === null) {
      if (value !== null) this.#putLatest(key, value, timestamp);
      else this.#addPast(key, { from: timestamp, to: timestamp, value });
      return "latest";
    }
    this.#addPast(key, { from: timestamp, to, value });
    return to;
  }

  latest(key: Uint8Array): Version | null {
    const bytes = this.#bytes.get(latestKey(key));
    if (bytes === null) return null;
    return { from: readInt64(bytes, 0), to: null, value: bytes.subarray(8) };
  }

  asOf(key: Uint8Array, timestamp: Timestamp): Version | null {
    const latest = this.latest(key);
    if (latest !== null && latest.from <= timestamp) return latest;
    if (timestamp < this.ledger.expiry) return null;
    const found = this.#endingAfter(key, timestamp);
    return found !== null && found.from <= timestamp ? found : null;
  }

  /** Oldest first, deletions left out. */
  history(key: Uint8Array, { from = 0, to = Infinity }: VersionRange): Version[] {
    const latest = this.latest(key);
    const versions: Version[] = to < this.ledger.expiry ? [] : this.#past(key, from, to);
    if (latest !== null && latest.from <= to) versions.push(latest);
    return versions;
  }

  /** A version that begins later in the one under way. */
  #split(
    key: Uint8Array,
    found: PastVersion,
    { value, timestamp }: { readonly value: Uint8Array | null; readonly timestamp: Timestamp },
  ): Timestamp {
    this.#removePast(key, found);
    if (found.from < timestamp) this.#addPast(key, { ...found, to: timestamp });
    this.#addPast(key, { from: timestamp, to: found.to, value });
    return found.to;
  }

  /** The version that ends first after a time. */
  #endingAfter(key: Uint8Array, timestamp: Timestamp): PastVersion | null {
    for (const segment of this.#liveSegments(timestamp))
      for (const version of this.#pastIn(segment, key, timestamp + 1)) return version;
    return null;
  }

  #past(key: Uint8Array, from: Timestamp, to: Timestamp): PastVersion[] {
    const versions: PastVersion[] = [];
    for (const segment of this.#liveSegments(from))
      for (const version of this.#pastIn(segment, key, from + 1))
        if (version.value !== null && version.from <= to) versions.push(version);
    return versions;
  }

  #liveSegments(from: Timestamp): readonly number[] {
    const { firstLive, segments } = this.ledger;
    return segments.between(Math.max(firstLive, this.keys.segmentOf(from)), Infinity);
  }

  /** In the order of their ends. */
  *#pastIn(segment: number, key: Uint8Array, endFrom: Timestamp): Generator<PastVersion> {
    using rows = this.#bytes.scan(this.keys.rangeOfKey(segment, key, endFrom, Infinity));
    while (rows.next()) {
      if (!this.keys.isOfKey(rows.key, key)) continue;
      const isDeleted = rows.value[0] === 0;
      yield {
        from: this.keys.lastOf(rows.key),
        to: this.keys.timeOf(rows.key),
        value: isDeleted ? null : rows.value.subarray(1),
      };
    }
  }

  #putLatest(key: Uint8Array, value: Uint8Array | null, timestamp: Timestamp): void {
    if (value === null) {
      this.#bytes.put(latestKey(key), null);
      return;
    }
    const bytes = new Uint8Array(8 + value.length);
    writeInt64(bytes, 0, timestamp);
    bytes.set(value, 8);
    this.#bytes.put(latestKey(key), bytes);
  }

  #addPast(key: Uint8Array, { from, to, value }: PastVersion): void {
    const segment = this.keys.segmentOf(to);
    if (segment < this.ledger.firstLive) return;
    this.ledger.segments.add(segment);
    const bytes = new Uint8Array(1 + (value?.length ?? 0));
    if (value !== null) {
      bytes[0] = 1;
      bytes.set(value, 1);
    }
    this.#bytes.put(this.keys.row(key, to, from), bytes);
  }

  #removePast(key: Uint8Array, { from, to }: PastVersion): void {
    invariant(from <= to, "STATE-13", { from, to });
    this.#bytes.put(this.keys.row(key, to, from), null);
  }
}

function latestKey(key: Uint8Array): Uint8Array {
  const whole = new Uint8Array(1 + key.length);
  whole[0] = latestMark;
  whole.set(key, 1);
  return whole;
}
