/** The most that joins of one loop keep in memory of what their stores hold. */
const recentBytesMaxOfLoop = 48 * 1024 * 1024;

/** The most that stores of one loop keep in memory of what was written to them last, or read. */
const lastBytesMaxOfLoop = 20 * 1024 * 1024;

/** How far the count may be off before it is set right. */
const miscountedBytesMax = 1024 * 1024;

/**
 * The memory that all caches of one stream loop share (Kafka: `ThreadCache`, `statestore.cache.max.bytes` divided
 * by the threads). Sizes are counted as Kafka counts them, so that evictions happen at the same writes.
 *
 * @example const cache = new CacheBudget(10 * 1024 * 1024);
 */
export class CacheBudget {
  /**
   * A cache evicts its least recently used entries while `usedBytes` is above this. 0: every write goes through. Set anew where
   * loops come or go: a cache that has more then evicts with its next write.
   */
  sizeBytesMax: number;
  /**
   * Bytes of all entries of all caches, as Kafka counts them: what a cache is given, or loses, while its own entries are
   * being flushed counts twice. Changed by the caches alone.
   */
  usedBytes = 0;
  /** What the entries have in truth. */
  heldBytes = 0;
  /** Rows that lie in memory besides their store: not in a cache, as in Kafka, so that they evict nothing. */
  recentBytes = 0;
  readonly recentBytesMax: number;
  /** Likewise, of what was written last, or read. */
  lastBytes = 0;
  readonly lastBytesMax: number;

  constructor(
    sizeBytesMax: number,
    recentBytesMax = recentBytesMaxOfLoop,
    lastBytesMax = lastBytesMaxOfLoop,
  ) {
    this.sizeBytesMax = sizeBytesMax;
    this.recentBytesMax = recentBytesMax;
    this.lastBytesMax = lastBytesMax;
  }

  /** Ends a miscount that has grown: in Kafka it grows until the thread ends. */
  settle(): void {
    if (Math.abs(this.usedBytes - this.heldBytes) > miscountedBytesMax)
      this.usedBytes = this.heldBytes;
  }
}
