import { decodeUtf8 } from "@millrace/model";
import type { CoordinatorLog, LogRecord } from "./coordinator-log.ts";

/**
 * Hands over the last record of each key, in the order of those: of a log in which a record says all of its key, the
 * ones before it are read, and neither decoded nor folded in. Compaction leaves the same, but not of the active segment.
 */
export function replayLastOfKeys(
  log: Pick<CoordinatorLog, "replay">,
  visit: (offset: number, record: LogRecord) => void,
): void {
  const last = new Map<string, { readonly offset: number; readonly record: LogRecord }>();
  log.replay({
    record: (offset, { key, value }) => {
      const name = decodeUtf8(key);
      last.delete(name);
      // Views would keep all that was read in memory.
      const record = { key: key.slice(), value: value === null ? null : value.slice() };
      last.set(name, { offset, record });
    },
    marker: () => {},
  });
  for (const { offset, record } of last.values()) visit(offset, record);
}
