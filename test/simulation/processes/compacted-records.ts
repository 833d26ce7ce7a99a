import type { FileSystem } from "@millrace/platform";
import {
  BatchCursor,
  decodeControlBatch,
  isControl,
  isTransactional,
  readAttributes,
  readProducerId,
  RecordBatchReader,
} from "@millrace/protocol/records";

import type { History } from "../history.ts";
import { isCompacted } from "../topics.ts";
import { takeRecords } from "./read-records.ts";

/**
 * Notes what a compaction is about to put something else in the place of: all committed records of the closed segments,
 * which it has made durable by then. Nobody else may have read them. Where a transaction has ended, the segment behind
 * them may say.
 */
export function noteBeforeCompaction(
  fileSystem: FileSystem,
  dataDirectory: string,
  history: History,
): void {
  for (const folder of fileSystem.list(dataDirectory)) {
    if (!isCompacted(folder)) continue;
    const path = `${dataDirectory}/${folder}`;
    const names = fileSystem.list(path);
    if (!names.some((name) => name.endsWith(".log.cleaned"))) continue;
    const segments = names.filter((name) => name.endsWith(".log"));
    noteSegments(
      segments.map((name) => readWhole(fileSystem, `${path}/${name}`)),
      folder,
      history,
    );
  }
}

function noteSegments(segments: readonly Uint8Array[], folder: string, history: History): void {
  /** Batches whose transaction has not ended yet, by producer. */
  const open = new Map<number, RecordBatchReader[]>();
  const note = (batch: RecordBatchReader): void =>
    takeRecords(batch, (record, raw) => history.keep(folder, record, raw()));
  let end = 0;
  for (const [index, bytes] of segments.entries()) {
    const isClosed = index < segments.length - 1;
    const cursor = new BatchCursor(bytes);
    while (cursor.next()) {
      const { position } = cursor;
      const attributes = readAttributes(bytes, position);
      const producerId = readProducerId(bytes, position);
      if (isControl(attributes)) {
        if (decodeControlBatch(bytes, position)?.type === "commit")
          open.get(producerId)?.forEach(note);
        open.delete(producerId);
      } else if (isClosed) {
        const topic = folder.slice(0, folder.lastIndexOf("-"));
        const batch = new RecordBatchReader({ bytes, position, topic });
        end = batch.nextOffset;
        if (isTransactional(attributes))
          open.set(producerId, [...(open.get(producerId) ?? []), batch]);
        else note(batch);
      }
    }
  }
  if (open.size === 0) history.keptUpTo(folder, end);
}

function readWhole(fileSystem: FileSystem, path: string): Uint8Array {
  const handle = fileSystem.open(path, "read");
  try {
    const bytes = new Uint8Array(handle.sizeBytes());
    return bytes.subarray(0, handle.read(bytes, 0));
  } finally {
    handle.close();
  }
}
