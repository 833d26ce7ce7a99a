import type { Platform } from "@millrace/platform";
import type { EngineEntry, SnapshotOfStore } from "@millrace/state";

import { Slice } from "../../task/slice.ts";
import type { TaskState } from "../state/task-state.ts";
import type { StoreNeed } from "./snapshot-fit.ts";

/** Rows that are written at a time. */
const rowsMax = 256;
/** While other tasks run. */
const sliceMs = 2;

export interface StoreFill {
  readonly found: SnapshotOfStore;
  readonly need: StoreNeed;
  readonly platform: Pick<Platform, "clock" | "timers">;
  readonly signal: AbortSignal;
}

/**
 * Puts the rows of a snapshot in place of what a store holds. The offset comes last: whoever ends in between leaves a store
 * without one, which counts as empty.
 *
 * @returns how many rows there were
 */
export async function fillStore(
  { stores }: TaskState,
  blocks: AsyncIterable<Iterable<EngineEntry>>,
  { found: { name, offset }, need: { changelog, range }, platform, signal }: StoreFill,
): Promise<number> {
  const slice = new Slice(platform.clock, sliceMs);
  stores.wipe(name);
  stores.tie(name, changelog, range.topicId);
  let count = 0;
  for await (const block of blocks) {
    slice.begin();
    for (const rows of chunksOf(block)) {
      stores.fill(name, rows);
      count += rows.length;
      if (!slice.afterRecord()) continue;
      await platform.timers.yield();
      signal.throwIfAborted();
      slice.begin();
    }
  }
  stores.commit(new Map([[name, offset]]));
  return count;
}

function* chunksOf(rows: Iterable<EngineEntry>): Generator<readonly EngineEntry[]> {
  let chunk: EngineEntry[] = [];
  for (const row of rows) {
    chunk.push(row);
    if (chunk.length < rowsMax) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
