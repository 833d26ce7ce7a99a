/**
 * The memory that all caches of one stream loop share (Kafka: `ThreadCache`, `statestore.cache.max.bytes` divided
 * by the threads). Sizes are counted as Kafka counts them, so that evictions happen at the same writes.
 *
 * @example const cache = new CacheBudget(10 * 1024 * 1024);
 */
export class CacheBudget {
  /** A cache evicts its least recently used entries while `usedBytes` is above this. 0: every write goes through. */
  readonly sizeBytesMax: number;
  /** Bytes of all entries of all caches. Changed by the caches alone. */
  usedBytes = 0;

  constructor(sizeBytesMax: number) {
    this.sizeBytesMax = sizeBytesMax;
  }
}
