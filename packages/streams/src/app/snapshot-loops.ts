import { messageOf } from "@millrace/model";
import { SnapshotError, StateError, type WrittenSnapshot } from "@millrace/state";

import type { LoopHost, PlacedSnapshotOrder } from "./loop-host.ts";

/**
 * Has all loops copy the stores of their tasks. What keeps one from it is told after all have come to an end, and what the
 * others wrote stays.
 *
 * @throws what a loop has thrown; of several SnapshotError or StateError, with the messages of all, and their errors in the
 *   `cause`; the signal's reason
 */
export async function snapshotLoops(
  loops: readonly Pick<LoopHost, "snapshot">[],
  order: PlacedSnapshotOrder,
): Promise<readonly WrittenSnapshot[]> {
  const ends = await Promise.allSettled(loops.map((loop) => loop.snapshot(order)));
  const failures: readonly unknown[] = ends.flatMap((end) =>
    end.status === "rejected" ? [end.reason] : [],
  );
  if (failures.length === 0)
    return ends.flatMap((end) => (end.status === "fulfilled" ? end.value : []));
  order.signal.throwIfAborted();
  throw allOf(failures);
}

function allOf(failures: readonly unknown[]): unknown {
  const messages = new Set(failures.map(messageOf));
  const [first] = failures;
  // Of what is wrong with the order all loops say the same.
  if (messages.size === 1) return first;
  const message = [...messages].join("; ");
  const cause = new AggregateError(failures, message);
  if (first instanceof SnapshotError) return new SnapshotError(first.code, message, cause);
  return first instanceof StateError ? new StateError(first.code, message, cause) : cause;
}
