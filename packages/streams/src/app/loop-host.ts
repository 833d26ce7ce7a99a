import type { WrittenSnapshot } from "@millrace/state";

import type { SnapshotOrder } from "../runtime/snapshots/snapshot-tasks.ts";
import type { RestoreProgress } from "../runtime/state/restore-event.ts";
import type { GroupHosts } from "../runtime/task-assignments.ts";
import type { TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import type { SnapshotPlace } from "./snapshot-place.ts";

/** How a loop leaves the group (Kafka, KIP-1153: `CloseOptions.GroupMembershipOperation`). */
export type GroupLeaving = "leave" | "remain";

/** A copy of the tasks that run in a loop. */
export interface PlacedSnapshotOrder extends Omit<SnapshotOrder, "to"> {
  readonly to: SnapshotPlace;
}

/** A stream loop of an application, wherever it runs (Kafka: `StreamThread`). */
export interface LoopHost {
  /** As Kafka names threads: `<application>-<process>-StreamThread-1`. */
  readonly threadId: string;
  readonly memberId: string;
  /** Resolves once the loop has its first tasks. */
  readonly running: Promise<void>;
  /** See `GroupMembership`. */
  readonly confirmedMs: number | undefined;
  /** The tasks that run there now, such as `0_3`. */
  readonly tasks: readonly string[];
  readonly restoring: readonly RestoreProgress[];
  /** Where the tasks of the application are, as the group has told; undefined: it has not yet. */
  readonly groupHosts: GroupHosts | undefined;
  /** How much of their changelogs the stores hold that are open there. */
  readonly offsetSums: readonly TaskOffsetSum[];
  /** Runs until the signal aborts, then commits and closes its tasks. Rejects with what ended it otherwise. Once. */
  run(stop: AbortSignal): Promise<void>;
  /** What is said by `paused` of the loops has changed. */
  wake(): void;
  /** Asks the group at once what it would tell at the next heartbeat. */
  hearGroup(): void;
  /** Copies the stores of the tasks that run there. @throws SnapshotError; the signal's reason */
  snapshot(order: PlacedSnapshotOrder): Promise<readonly WrittenSnapshot[]>;
  /** Has the group end the application everywhere, once the loop has ended. */
  endApplication(signal: AbortSignal): Promise<void>;
  /** Leaves the group, within the time. */
  close(how: { readonly group: GroupLeaving; readonly timeoutMs: number }): Promise<void>;
}
