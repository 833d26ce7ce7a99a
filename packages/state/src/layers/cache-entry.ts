import { noHeaders, type Headers, type Offset, type Timestamp } from "@millrace/model";
import type { RecordContext, RecordInput } from "../contract/record-context.ts";
import type { FlushContext } from "../contract/updatable-store.ts";

/** What keys of a cache look like: the key itself, or its bytes as latin1. */
export type CacheKey = string | number | bigint;

/** Bytes that Kafka counts for each entry besides key, value, topic and headers. */
const fixedBytes =
  24 + // entry, previous, next (NamedCache.LRUNode)
  1 + // isDirty (LRUCacheEntry)
  8 +
  8 +
  4; // timestamp, offset, partition (ProcessorRecordContext)

/**
 * One entry of a cache, with the context of the record that wrote it last.
 *
 * The value is in one of these states:
 * ```
 *  none        a key that is not there, or a tombstone (isTombstone)
 *  decoded     hasValue               a primitive
 *  bytes       bytes !== null
 *  both        hasValue, bytes
 * ```
 */
export class CacheEntry<K, V> implements FlushContext {
  readonly mapKey: CacheKey;
  /** Null: `mapKey` tells it. A primitive costs nothing; the array of a row's key is four times the text. */
  readonly key: K | null;
  keyBytes: Uint8Array | null;
  readonly keySize: number;

  value: V | null = null;
  hasValue = false;
  bytes: Uint8Array | null = null;
  isTombstone = false;
  valueTimestamp: Timestamp = -1;
  /** Bytes of the stored value. */
  valueSize = 0;

  topic: string | null = "";
  partition = -1;
  offset: Offset = -1;
  timestamp: Timestamp = -1;
  headers: Headers = noHeaders;
  /** True: since it came into the cache its value was written beneath, and is the one that lies there. */
  isStored = false;
  /** While it is dirty. */
  input: RecordInput | undefined = undefined;

  /** Of an entry that stands for an index of Kafka's: the row that it leads to. */
  leadsTo: CacheKey | null = null;

  /** Fields of `RecordCache`. */
  size = 0;
  isDirty = false;
  isAttached = false;
  /** The last flush that has written it. */
  flushedBy = 0;
  newer: CacheEntry<K, V> | null = null;
  older: CacheEntry<K, V> | null = null;
  dirtyNext: CacheEntry<K, V> | null = null;
  dirtyPrevious: CacheEntry<K, V> | null = null;

  /** Fields of `TextEntries`. The hash is of `mapKey`; 0: it is not known yet. */
  hash = 0;
  nextOfHash: CacheEntry<K, V> | null = null;

  constructor(mapKey: CacheKey, key: K | null, keyBytes: Uint8Array | null, keySize: number) {
    this.mapKey = mapKey;
    this.key = key;
    this.keyBytes = keyBytes;
    this.keySize = keySize;
  }

  copyContext(context: RecordContext): void {
    this.topic = context.topic;
    this.partition = context.partition;
    this.offset = context.offset;
    this.timestamp = context.timestamp;
    this.headers = context.headers;
    this.input = context.input?.kept();
  }

  /** Size as Kafka counts it (`NamedCache.LRUNode.size`). */
  countedSize(): number {
    let size = fixedBytes + this.keySize + this.valueSize;
    if (this.topic !== null) size += this.topic.length;
    if (this.headers !== noHeaders) size += headersSize(this.headers);
    return size;
  }
}

function headersSize(headers: Headers): number {
  let size = 0;
  for (const [name, value] of headers) size += name.length + (value === null ? 0 : value.length);
  return size;
}
