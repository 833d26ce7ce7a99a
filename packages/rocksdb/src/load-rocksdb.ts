import type { FileSystem, Platform } from "@millrace/platform";
import { StateError } from "@millrace/state";

import { loadNative } from "./native-database.ts";

/** Where Linux tells what its processor knows; of the first one. */
const processorFile = "/proc/cpuinfo";
const processorBytesMax = 16 * 1024;

/**
 * Loads RocksDB's native code, or says why it does not fit this machine.
 *
 * @throws StateError `STORE_ENGINE_UNAVAILABLE`
 */
export function loadRocksdb({
  fileSystem,
}: Pick<Platform, "fileSystem">): ReturnType<typeof loadNative> {
  try {
    if (lacksAvx2(fileSystem)) throw new Error("the processor has no AVX2");
    return loadNative();
  } catch (error) {
    throw new StateError(
      "STORE_ENGINE_UNAVAILABLE",
      "RocksDB cannot be loaded here: there are binaries for Linux x64 (glibc, AVX2) and macOS arm64 only. Leave `storeEngine` out in the options of StreamsApp.start, and stores are in SQLite instead, which is everywhere.",
      error,
    );
  }
}

/** The binary for x64 is made for AVX2: without it the process would end at some instruction, with no error. */
function lacksAvx2(fileSystem: FileSystem): boolean {
  if (fileSystem.stat(processorFile) === undefined) return false;
  const file = fileSystem.open(processorFile, "read");
  try {
    const bytes = new Uint8Array(processorBytesMax);
    const text = new TextDecoder().decode(bytes.subarray(0, file.read(bytes, 0)));
    const flags = /^flags\s*:(.*)$/m.exec(text)?.[1];
    return flags !== undefined && !/\bavx2\b/.test(flags);
  } finally {
    file.close();
  }
}
