import type { BatchWriter } from "@millrace/cluster";

import { delegate } from "../processes/observe-commits.ts";

/**
 * A planted bug. `commit` answers at once, so that the loop writes its stores; the transaction is ended when
 * the loop next needs the writer. Nothing is appended in between: the writer says that it has no room, and
 * the loop waits for `drained`.
 */
export function writingStoresEarly(writer: BatchWriter): BatchWriter {
  let isOwed = false;
  let isBegun = false;
  const settle = async (signal?: AbortSignal): Promise<void> => {
    if (!isOwed) return;
    isOwed = false;
    const mustBegin = isBegun;
    isBegun = false;
    await writer.commit(signal);
    if (mustBegin) writer.begin();
  };
  const early: BatchWriter = delegate(writer, {
    commit: async () => {
      isOwed = true;
    },
    begin: () => {
      if (isOwed) isBegun = true;
      else writer.begin();
    },
    drained: async (signal) => {
      await settle(signal);
      await writer.drained(signal);
    },
    flush: async (signal) => {
      await settle(signal);
      return writer.flush(signal);
    },
    prepare: async (topics, signal) => {
      await settle(signal);
      await writer.prepare(topics, signal);
    },
    abort: async (signal) => {
      isOwed = false;
      isBegun = false;
      await writer.abort(signal);
    },
    close: async (timeoutMs) => {
      await settle().catch(() => {}); // the loop is ending, and has been told nothing anyway
      await writer.close(timeoutMs);
    },
  });
  return new Proxy(early, {
    get: (target, name) =>
      name === "hasRoom" ? !isOwed && writer.hasRoom : Reflect.get(target, name, target),
  });
}
