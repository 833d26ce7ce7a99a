import type { GroupMetadata, OffsetAndMetadata } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import type { TaskId } from "../processor/task-id.ts";
import type { AssignmentBasis } from "./assignment/assignment-basis.ts";
import type { HostPartitions } from "./assignment/assignment-info.ts";

/** A task of this member, with the inputs that belong to it. */
export interface AssignedTask {
  readonly taskId: TaskId;
  readonly inputs: readonly TopicPartition[];
}

/** What this member is to run, as the group has decided. */
export interface TargetTasks {
  readonly active: readonly AssignedTask[];
  /** Tasks whose stores are to follow their changelogs here. */
  readonly standby: readonly TaskId[];
  /** Undefined: the leader told nothing of it. */
  readonly basis: AssignmentBasis | undefined;
  /** True: more is to come as soon as others have given it up. */
  readonly isPartial: boolean;
  /** Where the tasks are of processes that answer queries. */
  readonly hosts: GroupHosts;
}

/** By processes of the group, the inputs of the tasks that they have. */
export interface GroupHosts {
  readonly active: readonly HostPartitions[];
  readonly standby: readonly HostPartitions[];
}

/** What this member has: what it runs or restores, and what follows its changelogs. */
export interface OwnedTasks {
  readonly active: readonly AssignedTask[];
  readonly standby: readonly TaskId[];
}

/** The group assigns eagerly: whoever joins has given up what it had. */
export interface AssignmentHold {
  /** All that was done is committed, and nothing is processed until `hold` is undefined again. */
  reached(): void;
}

/**
 * This member's part in the group, in tasks: what a loop reconciles with what it owns, between its slices. An adapter
 * stands for each protocol; none of them waits for the loop but where it says `hold`.
 *
 * ```
 *  loop                               adapter
 *  follow(signal)  ─────────────────> joins, and joins again whenever the group asks
 *  target          <───onChange────── another target
 *  commits and closes what goes
 *  report(owned)   ─────────────────> gives up what is not owned any more (cooperative), joins again
 *  restores what came
 *  report(owned)   ─────────────────> is told of it by the next join
 * ```
 */
export interface TaskAssignments {
  /** Another object at each change; undefined: the group has not decided yet. */
  readonly target: TargetTasks | undefined;
  /**
   * STREAMS-9: how often somebody else may have had what was held here. Where it has changed, what was done since the
   * last commit must not be committed, and all tasks are opened again from what is committed.
   */
  readonly lossCount: number;
  /** Undefined: tasks go on. Call `reached` once they do not. */
  readonly hold: AssignmentHold | undefined;
  /** False once the group has given this member's tasks away, and before it has given any. */
  readonly isMember: boolean;
  /** See `GroupMembership`. */
  readonly confirmedMs: number | undefined;
  /** For offsets in transactions: as of now, it changes while joins go on. */
  readonly groupMetadata: GroupMetadata;

  /**
   * Takes part in the group until the signal aborts; call it again where it has rejected.
   *
   * @throws ClusterError, ApplicationError: what the group or its leader refuses this member for
   */
  follow(signal: AbortSignal): Promise<void>;
  /** Calls back after `target`, `lossCount` or `hold` has changed. */
  onChange(callback: () => void): void;
  /** Calls back as the group is told what may change what its other members have. */
  onNews(callback: () => void): void;
  /** Asks the group at once what it would tell at the next heartbeat. */
  hear(): void;
  /** Tells what is owned, whenever that has changed: what a cooperative member says to the group, and may be given less than. */
  report(owned: OwnedTasks): void;
  /** Has the group assign its tasks again. */
  askAgain(reason: string): void;

  /** Committed offsets; stable ones only (waits while a transaction is pending). Partitions without one are left out. */
  committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]>;
  /** Commits outside a transaction. */
  commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void>;
}
