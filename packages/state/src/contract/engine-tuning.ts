/** How the database of one task is set up (Kafka: what a `RocksDBConfigSetter` sets). What is left out is as by default. */
export interface EngineTuning {
  /** The most that its memtables take. */
  readonly memtableBytesMax?: number;
  readonly blockCacheBytes?: number;
  /** Bytes of a block before compression. Default 4096. */
  readonly blockBytes?: number;
  /** False: nothing is compressed. Default: all but the two youngest levels, with zstd. */
  readonly isCompressed?: boolean;
  /** `universal` writes less and takes more room. Default `level`. */
  readonly compaction?: "level" | "universal";
  /** Of the filters that tell which keys are not there. Default 10. */
  readonly bloomBitsPerKey?: number;
}

/** Asked once for each database as it is opened. @param task such as `0_3`, or `global` */
export type TuneEngine = (task: string) => EngineTuning | undefined;
