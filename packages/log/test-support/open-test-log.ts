import type { FileSystem, Platform } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import type { LogConfig } from "../src/log-config.ts";
import type { PartitionLogOptions } from "../src/log-types.ts";
import { PartitionLog } from "../src/partition-log.ts";

export const testPath = "data/orders-0";
export const testFile = (name: string) => `${testPath}/${name}`;
export const firstLog = testFile("00000000000000000000.log");

/** A world in memory whose clock stands at 2000 ms, so that test timestamps are not in the future. */
export function testPlatform(fileSystem?: FileSystem): Platform {
  const platform = memoryPlatform(fileSystem === undefined ? {} : { fileSystem });
  if (fileSystem === undefined) platform.fileSystem.makeDirectory("data");
  return { ...platform, clock: { wallMs: () => 2000, monotonicMs: () => 0 } };
}

export function openTestLog(
  platform: Platform,
  config: Partial<LogConfig> = {},
  options: Partial<PartitionLogOptions> = {},
): Promise<PartitionLog> {
  return PartitionLog.open({
    platform,
    path: testPath,
    topic: "orders",
    partition: 0,
    leaderEpoch: 1,
    config,
    ...options,
  });
}

export function readFile(platform: Platform, path: string): Uint8Array {
  const handle = platform.fileSystem.open(path, "read");
  const bytes = new Uint8Array(handle.sizeBytes());
  handle.read(bytes, 0);
  handle.close();
  return bytes;
}

/** Changes a stored file behind the log's back. */
export function changeFile(
  platform: Platform,
  path: string,
  change: (bytes: Uint8Array) => Uint8Array,
): void {
  const changed = change(readFile(platform, path));
  const handle = platform.fileSystem.open(path, "openOrCreate");
  handle.truncate(0);
  handle.write([changed], 0);
  handle.close();
}

export function flipByte(platform: Platform, path: string, position: number): void {
  changeFile(platform, path, (bytes) => {
    bytes[position] ^= 0x41;
    return bytes;
  });
}
