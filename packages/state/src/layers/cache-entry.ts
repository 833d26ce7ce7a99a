import { noHeaders, type Headers, type Offset, type Timestamp } from "@millrace/model";
import type { RecordContext, RecordInput } from "../contract/record-context.ts";
import type { FlushContext } from "../contract/updatable-store.ts";
import { fromLatin1, toLatin1 } from "../bytes/latin1.ts";

/** What keys of a cache look like: the key itself, or its bytes as latin1. */
export type CacheKey = string | number | bigint;

/** Bytes that Kafka counts for each entry besides key, value, topic and headers. */
const fixedBytes =
  24 + // entry, previous, next (NamedCache.LRUNode)
  1 + // isDirty (LRUCacheEntry)
  8 +
  8 +
  4; // timestamp, offset, partition (ProcessorRecordContext)

/** Stored values up to here are kept as texts: as an array, with what belongs to one, each would be 200 bytes more. */
const textBytesMax = 64;

/**
 * One entry of a cache.
 *
 * The value is in one of these states:
 * ```
 *  none        a key that is not there, or a tombstone (isTombstone)
 *  decoded     hasValue               a primitive
 *  bytes       hasBytes
 *  both        hasValue, hasBytes
 * ```
 */
export class CacheEntry<K, V> {
  readonly mapKey: CacheKey;
  /** Null: `mapKey` tells it. A primitive costs nothing; the array of a row's key is four times the text. */
  readonly key: K | null;
  keyBytes: Uint8Array | null;
  readonly keySize: number;

  value: V | null = null;
  hasValue = false;
  #stored: Uint8Array | string | null = null;
  isTombstone = false;
  valueTimestamp: Timestamp = -1;
  /** Bytes of the stored value. */
  valueSize = 0;
  /** True: since it came into the cache its value was written beneath, and is the one that lies there. */
  isStored = false;

  /** Of an entry that stands for an index of Kafka's: the row that it leads to. */
  leadsTo: CacheKey | null = null;

  /** What it was written with; null: it is as it lies beneath. */
  write: EntryWrite<K, V> | null = null;

  /** Fields of `RecordCache`. */
  size = 0;
  isAttached = false;
  /** The last flush that has written it. */
  flushedBy = 0;
  newer: CacheEntry<K, V> | null = null;
  older: CacheEntry<K, V> | null = null;

  /** Fields of `TextEntries`. The hash is of `mapKey`; 0: it is not known yet. */
  hash = 0;
  nextOfHash: CacheEntry<K, V> | null = null;

  constructor(mapKey: CacheKey, key: K | null, keyBytes: Uint8Array | null, keySize: number) {
    this.mapKey = mapKey;
    this.key = key;
    this.keyBytes = keyBytes;
    this.keySize = keySize;
  }

  get isDirty(): boolean {
    return this.write !== null && this.write.isDirty;
  }

  get hasBytes(): boolean {
    return this.#stored !== null;
  }

  /** The stored form of the value, where it is at hand. Of a text it is made anew each time. */
  get bytes(): Uint8Array | null {
    return typeof this.#stored === "string" ? fromLatin1(this.#stored) : this.#stored;
  }

  /** It is the entry's from now on. */
  set bytes(bytes: Uint8Array | null) {
    this.#stored = bytes;
  }

  /** Its bytes take less room from now on. */
  packBytes(): void {
    const stored = this.#stored;
    if (stored !== null && typeof stored !== "string" && stored.length <= textBytesMax)
      this.#stored = toLatin1(stored);
  }

  copyContext(context: RecordContext): EntryWrite<K, V> {
    const write = (this.write ??= new EntryWrite(this));
    write.copyFrom(context);
    return write;
  }

  /** Size as Kafka counts it (`NamedCache.LRUNode.size`). */
  countedSize(): number {
    const size = fixedBytes + this.keySize + this.valueSize;
    return this.write === null ? size : size + this.write.countedSize();
  }
}

/** What an entry has while it waits to be written beneath: the context of the record that wrote it last, and its turn. */
export class EntryWrite<K, V> implements FlushContext {
  readonly entry: CacheEntry<K, V>;
  topic: string | null = "";
  partition = -1;
  offset: Offset = -1;
  timestamp: Timestamp = -1;
  headers: Headers = noHeaders;
  input: RecordInput | undefined = undefined;

  /** Fields of `RecordCache`. */
  isDirty = false;
  next: EntryWrite<K, V> | null = null;
  previous: EntryWrite<K, V> | null = null;

  constructor(entry: CacheEntry<K, V>) {
    this.entry = entry;
  }

  get valueTimestamp(): Timestamp {
    return this.entry.valueTimestamp;
  }

  copyFrom(context: RecordContext): void {
    this.topic = context.topic;
    this.partition = context.partition;
    this.offset = context.offset;
    this.timestamp = context.timestamp;
    this.headers = context.headers;
    this.input = context.input?.kept();
  }

  countedSize(): number {
    const size = this.topic?.length ?? 0;
    return this.headers === noHeaders ? size : size + headersSize(this.headers);
  }
}

function headersSize(headers: Headers): number {
  let size = 0;
  for (const [name, value] of headers) size += name.length + (value === null ? 0 : value.length);
  return size;
}
