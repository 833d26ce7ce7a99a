export { loadRocksdb } from "./load-rocksdb.ts";
export { rocksdbEngineProvider, type RocksdbOptions } from "./rocksdb-engine-provider.ts";
