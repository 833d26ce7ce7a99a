import type { Offset } from "@millrace/model";
import { FileSystemError } from "@millrace/platform";
import { LogRequestError } from "../log-error.ts";
import { reach } from "../probe.ts";
import type { LogSegment } from "../segment/log-segment.ts";
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
  await moveLogStart(state, writer, {
    offset,
    // Who asks for it wants the room.
    remove: (segment) => state.dirty.removeSegment(segment),
  });
  return state.logStartOffset;
}

/** Below the high watermark; segments below it go in the way that is given. */
export async function moveLogStart(
  state: LogState,
  writer: LogWriter,
  { offset, remove }: { readonly offset: Offset; readonly remove: (segment: LogSegment) => void },
): Promise<void> {
  // A partition whose log start is noted, and whose folder is not there, has lost its records.
  if (state.dirty.isNew) {
    await writer.sync();
    state.checkWritable();
  }
  await state.options.saveLogStartOffset?.(Math.max(offset, state.logStartOffset));
  reach(state.platform, "C11");
  await state.exclusively(async () => {
    if (state.isClosed) return;
    if (offset > state.logStartOffset) {
      state.logStartOffset = offset;
      state.epochs.truncateFromStart(offset);
      keepWitnesses(state, writer);
    }
    const [first, ...others] = state.segments.all;
    const removesSome = others.length > 0 && first.endOffset <= state.logStartOffset;
    if (removesSome && state.config.isSyncedWhileOpen) await writer.sync();
    removeSegmentsBelow(state.logStartOffset, { ...state.files, remove });
  });
}

/**
 * What is removed cannot tell of producers and epochs any more: what is left must not be the only witness. It is on the
 * device before anything is removed, or a power loss takes it alone.
 */
function keepWitnesses({ platform, path }: LogState, writer: LogWriter): void {
  try {
    writer.keepWitnesses();
  } catch (error) {
    // A full disk is why records are deleted.
    if (!(error instanceof FileSystemError)) throw error;
    platform.logger.log("warn", "log.witnesses-failed", { path, error });
  }
}
