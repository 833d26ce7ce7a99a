import type { MemberAssignment } from "@millrace/cluster";
import type { Platform, Timer } from "@millrace/platform";

import { taskIdText } from "../processor/task-id.ts";
import type { AssignmentBasis } from "./assignment/assignment-basis.ts";
import type { StreamPartitionAssignor } from "./assignment/stream-partition-assignor.ts";
import { otherTopology, readAssignment, type ReadAssignment } from "./read-assignment.ts";
import type { TargetTasks } from "./task-assignments.ts";

export interface GroupDecisionsOptions {
  readonly platform: Platform;
  readonly assignor: Pick<StreamPartitionAssignor, "mustTellAnew">;
  /** Of this member's topology. */
  readonly fingerprint: string;
  /** The numbers of its sub-topologies. */
  readonly subtopologies: ReadonlySet<number>;
  /** Has the group assign its tasks again. */
  readonly askAgain: (reason: string) => void;
}

/** Another time is looked at again after this long at the latest: the wall clock may jump. */
const waitMsMax = 60_000;

/** What the leader of a group has decided, and when it wants to be asked again. */
export class GroupDecisions {
  readonly #options: GroupDecisionsOptions;
  /** True: the group was asked once already for an assignment that fits. */
  #hasAskedAnew = false;
  #timer: Timer | undefined;

  constructor(options: GroupDecisionsOptions) {
    this.#options = options;
  }

  /**
   * Undefined: the group was asked to look at this member's topology first, and is to be joined again.
   *
   * @throws ApplicationError with what the leader refuses this member for
   */
  read(assignment: MemberAssignment): TargetTasks | undefined {
    this.close();
    const read = readAssignment(assignment);
    const { active, standby, basis } = read;
    if (this.#isOutdated(basis)) return undefined;
    for (const { subtopology, partition } of [...active.map(({ taskId }) => taskId), ...standby])
      // A leader in Java tells nothing of its topology, and may run another one.
      if (!this.#options.subtopologies.has(subtopology))
        throw otherTopology(
          `the leader of the group gave this member task ${subtopology}_${partition}, and there is no such sub-topology here`,
        );
    const { logger } = this.#options.platform;
    logger.log("info", "streams.tasks-assigned", {
      tasks: active.map(({ taskId }) => taskIdText(taskId)),
      standbys: standby.map(taskIdText),
    });
    this.#followUp(read);
    const hosts = {
      active: read.info?.activeHosts ?? [],
      standby: read.info?.standbyHosts ?? [],
    };
    const isPartial = read.info?.nextRebalanceMs === 0;
    return { active, standby, basis, isPartial, hosts };
  }

  /** Forgets when the group was to be asked. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #followUp({ info }: ReadAssignment): void {
    if (info === undefined) return;
    const { assignor, askAgain } = this.#options;
    if (assignor.mustTellAnew(info)) askAgain("the leader was told something else");
    else if (info.nextRebalanceMs === 0) askAgain("tasks are given up by others first");
    else if (info.nextRebalanceMs < Infinity) this.#askAt(info.nextRebalanceMs);
  }

  #askAt(wallMs: number): void {
    const { clock, timers } = this.#options.platform;
    const leftMs = wallMs - clock.wallMs();
    const waitMs = Math.min(Math.max(leftMs, 0), waitMsMax);
    this.#timer = timers.after(waitMs, () => {
      if (clock.wallMs() < wallMs) this.#askAt(wallMs);
      else this.#options.askAgain("to see whether more tasks can go to their places");
    });
  }

  /**
   * A static member that comes back is given what its predecessor had, without anybody having looked at its
   * topology: where that has changed it asks the group to look.
   */
  #isOutdated(basis: AssignmentBasis | undefined): boolean {
    const { fingerprint, askAgain } = this.#options;
    if (basis === undefined || basis.topology === fingerprint) return false;
    if (this.#hasAskedAnew) throw otherTopology(`the leader of the group runs ${basis.topology}`);
    this.#hasAskedAnew = true;
    askAgain("the topology of this member has changed");
    return true;
  }
}
