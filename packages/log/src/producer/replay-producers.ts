import type { Offset } from "@millrace/model";
import type { FileHandle, FileSystem } from "@millrace/platform";
import { readBaseOffset, readProducerId } from "@millrace/protocol/records";
import { ProducerAppend } from "./producer-append.ts";
import { decodeProducerSnapshot, encodeProducerSnapshot } from "./producer-snapshot.ts";
import type { ProducerStates } from "./producer-states.ts";
import { readWholeFile } from "../checkpoint/checkpoint-file.ts";
import type { AbortedTransactionEntry } from "../index/transaction-index.ts";
import {
  offsetFileName,
  offsetOfFileName,
  producerSnapshotSuffix,
} from "../segment/log-file-names.ts";
import type { LogSegment } from "../segment/log-segment.ts";

const nothingAborted: readonly AbortedTransactionEntry[] = [];

export function producerSnapshotPath(directory: string, offset: Offset): string {
  return `${directory}/${offsetFileName(offset, producerSnapshotSuffix)}`;
}

/** Offsets of the snapshots in a directory, rising. */
export function listProducerSnapshots(fileSystem: FileSystem, directory: string): Offset[] {
  const offsets: Offset[] = [];
  for (const name of fileSystem.list(directory)) {
    const offset = offsetOfFileName(name, producerSnapshotSuffix);
    if (offset !== undefined) offsets.push(offset);
  }
  return offsets;
}

/** Writes a snapshot to the page cache; the caller syncs and closes the handle. */
export function writeProducerSnapshot(
  fileSystem: FileSystem,
  directory: string,
  snapshot: { readonly offset: Offset; readonly producers: ProducerStates },
): FileHandle {
  const path = producerSnapshotPath(directory, snapshot.offset);
  const handle = fileSystem.open(path, "openOrCreate");
  try {
    handle.truncate(0);
    handle.write([encodeProducerSnapshot(snapshot.producers.entries)], 0);
  } catch (error) {
    handle.close();
    throw error;
  }
  return handle;
}

/** Takes one stored batch into the state of its producer; gives the transactions that it aborted. */
export function replayBatch(
  producers: ProducerStates,
  bytes: Uint8Array,
  at: number,
): readonly AbortedTransactionEntry[] {
  if (readProducerId(bytes, at) < 0) return nothingAborted;
  const append = new ProducerAppend(producers, "replay");
  append.add(bytes, at, readBaseOffset(bytes, at));
  return producers.commit(append);
}

/**
 * Brings producers to the state at an offset: the newest sound snapshot at or below it, then the batches from
 * there on. A snapshot that does not parse is removed: the log has it all. False where neither a snapshot nor the
 * log goes back far enough.
 */
export function loadProducers(
  producers: ProducerStates,
  segments: readonly LogSegment[],
  target: { readonly fileSystem: FileSystem; readonly directory: string; readonly offset: Offset },
): boolean {
  const { fileSystem, directory, offset } = target;
  let from = -1;
  for (const candidate of listProducerSnapshots(fileSystem, directory).toReversed()) {
    if (candidate > offset) continue;
    const path = producerSnapshotPath(directory, candidate);
    const bytes = readWholeFile(fileSystem, path);
    const entries = bytes === undefined ? undefined : decodeProducerSnapshot(bytes);
    if (entries !== undefined) {
      producers.load(entries);
      from = candidate;
      break;
    }
    fileSystem.remove(path);
  }
  if (from < 0) producers.clear();
  for (const segment of segments) {
    if (segment.endOffset <= from || segment.baseOffset >= offset) continue;
    const cursor = segment.walk(0);
    while (cursor.next()) {
      const baseOffset = readBaseOffset(cursor.bytes, cursor.at);
      if (baseOffset >= from && baseOffset < offset)
        replayBatch(producers, cursor.bytes, cursor.at);
    }
  }
  return from >= 0 || offset === 0 || segments.at(0)?.baseOffset === 0;
}
