import type { Metrics } from "@millrace/platform";

/** Kafka's names of RocksDB's properties (`RocksDBMetricsRecordingTrigger`), beneath `rocksdb.`. */
const properties = [
  "num-immutable-mem-table",
  "cur-size-active-mem-table",
  "cur-size-all-mem-tables",
  "size-all-mem-tables",
  "num-entries-active-mem-table",
  "num-entries-imm-mem-tables",
  "num-deletes-active-mem-table",
  "num-deletes-imm-mem-tables",
  "mem-table-flush-pending",
  "num-running-flushes",
  "compaction-pending",
  "num-running-compactions",
  "estimate-pending-compaction-bytes",
  "total-sst-files-size",
  "live-sst-files-size",
  "num-live-versions",
  "block-cache-capacity",
  "block-cache-usage",
  "block-cache-pinned-usage",
  "estimate-num-keys",
  "estimate-table-readers-mem",
  "background-errors",
] as const;

/** The gauges of one database: they go with it. @returns removes them */
export function gaugeDatabase(
  metrics: Metrics,
  task: string,
  property: (name: string) => number,
): () => void {
  const removals = properties.map((name) =>
    metrics.gauge(name, () => property(`rocksdb.${name}`), { task }),
  );
  return () => {
    for (const remove of removals) remove();
  };
}
