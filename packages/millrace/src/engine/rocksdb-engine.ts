import type { Platform } from "@millrace/platform";
import type * as rocksdb from "@millrace/rocksdb";
import { StateError, type StoreEngineProvider } from "@millrace/state";

/**
 * RocksDB's engine, from a package that is not there on every machine: it is an optional dependency, since its
 * native code exists for few.
 *
 * @throws StateError `STORE_ENGINE_UNAVAILABLE`
 */
export async function openRocksdbEngine(
  platform: Platform,
  options: rocksdb.RocksdbOptions,
): Promise<StoreEngineProvider> {
  const { rocksdbEngineProvider } = await importRocksdb();
  return rocksdbEngineProvider(platform, options);
}

/** @throws StateError `STORE_ENGINE_UNAVAILABLE`: the package is not there, or its native code does not fit */
export async function requireRocksdb(platform: Platform): Promise<void> {
  const { loadRocksdb } = await importRocksdb();
  loadRocksdb(platform);
}

async function importRocksdb(): Promise<typeof rocksdb> {
  try {
    return await import("@millrace/rocksdb");
  } catch (cause) {
    throw new StateError(
      "STORE_ENGINE_UNAVAILABLE",
      "the RocksDB engine (the optional package @millrace/rocksdb) is not installed: there are binaries for Linux x64 (glibc) and macOS arm64 only, or it was left out at installation. Leave storeEngine out, and stores are in SQLite instead, which is everywhere.",
      cause,
    );
  }
}
