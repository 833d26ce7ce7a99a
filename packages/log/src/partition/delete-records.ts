import type { Offset } from "@millrace/model";
import { FileSystemError } from "@millrace/platform";
import { LogRequestError } from "../log-error.ts";
import { reach } from "../probe.ts";
import { removeSegmentsBelow } from "../upkeep/remove-segments.ts";
import type { LogState } from "./log-state.ts";
import type { LogWriter } from "./log-writer.ts";

/** Moves the log start up: durable first, then segments that lie below altogether are removed. */
export async function deleteRecords(
  state: LogState,
  writer: LogWriter,
  offset: Offset,
): Promise<Offset> {
  state.checkWritable();
  if (offset > state.highWatermark)
    throw new LogRequestError(
      "OFFSET_OUT_OF_RANGE",
      `records up to ${offset} cannot be deleted: the high watermark is ${state.highWatermark}`,
    );
  if (offset <= state.logStartOffset) return state.logStartOffset;
  // A partition whose log start is noted, and whose folder is not there, has lost its records.
  if (state.dirty.isNew) {
    await writer.sync();
    state.checkWritable();
  }
  await state.options.saveLogStartOffset?.(offset);
  reach(state.platform, "C11");
  if (offset > state.logStartOffset && !state.isClosed) {
    state.logStartOffset = offset;
    state.epochs.truncateFromStart(offset);
    keepWitnesses(state, writer);
    removeSegmentsBelow(offset, state.segments, state.dirty, state.snapshots);
  }
  return state.logStartOffset;
}

/** What is removed cannot tell of producers and epochs any more: what is left must not be the only witness. */
function keepWitnesses({ platform, path }: LogState, writer: LogWriter): void {
  try {
    writer.keepWitnesses();
  } catch (error) {
    // A full disk is why records are deleted.
    if (!(error instanceof FileSystemError)) throw error;
    platform.logger.log("warn", "log.witnesses-failed", { path, error });
  }
}
