export { rocksdbEngineProvider, type RocksdbOptions } from "./rocksdb-engine-provider.ts";
