import { decodeUtf8 } from "@millrace/model";
import type { FileSystem, Logger } from "@millrace/platform";

/** RocksDB begins it anew whenever it opens a database, and keeps the one before. */
const infoLog = "LOG";

/** It has warnings alone, and was begun a moment ago. */
const infoLogBytesMax = 64 * 1024;

interface Owner {
  readonly fileSystem: FileSystem;
  readonly logger: Logger;
}

/**
 * Tells what RocksDB has left out of its write-ahead log as it opened a database: what comes behind a damaged place, or
 * the half of a write that a crash has left. It says so in its own log alone. The rows are restored from the changelog,
 * since the offsets that go with them are gone with them. Never throws: where that log cannot be read or removed, this is logged.
 */
export function tellDroppedWrites(owner: Owner, directory: string): void {
  try {
    tell(owner, directory);
  } catch (cause) {
    // The database is open, and sound: what is told of it keeps nobody from it.
    owner.logger.log("warn", "rocksdb.log-unread", { directory, cause });
  }
}

function tell({ fileSystem, logger }: Owner, directory: string): void {
  for (const name of fileSystem.list(directory))
    if (name.startsWith(`${infoLog}.old.`)) fileSystem.remove(`${directory}/${name}`);
  const text = readStart(fileSystem, `${directory}/${infoLog}`);
  const drops = [...text.matchAll(/\.log: dropping (\d+) bytes; (.+)$/gm)].map(
    ([, bytes, reason]) => ({ bytes: Number(bytes), reason }),
  );
  if (drops.length === 0) return;
  const bytes = drops.reduce((sum, drop) => sum + drop.bytes, 0);
  const damage = drops.find(({ reason }) => !/truncated|trailing data/.test(reason));
  if (damage === undefined) logger.log("warn", "rocksdb.torn-tail-cut", { directory, bytes });
  else {
    const { reason } = damage;
    const count = drops.length;
    logger.log("error", "rocksdb.writes-dropped", { directory, bytes, count, reason });
  }
}

function readStart(fileSystem: FileSystem, path: string): string {
  if (fileSystem.stat(path) === undefined) return "";
  const handle = fileSystem.open(path, "read");
  try {
    const bytes = new Uint8Array(Math.min(handle.sizeBytes(), infoLogBytesMax));
    return decodeUtf8(bytes.subarray(0, handle.read(bytes, 0)));
  } finally {
    handle.close();
  }
}
