import { ClusterError } from "@millrace/cluster";

import { taskIdText } from "../processor/task-id.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import { otherTopology, readAssignment, type AssignmentBasis } from "./read-assignment.ts";
import type { AssignedTask } from "./task-opener.ts";

/** The tasks that this member is to run. */
export interface TargetTasks {
  readonly assigned: readonly AssignedTask[];
  /** Undefined: the leader told nothing of it. */
  readonly basis: AssignmentBasis | undefined;
  /** STREAMS-9: true: in between somebody else may have had the tasks that are held here. */
  readonly isAfterGap: boolean;
}

/** This member's part in the group, in tasks: the classic protocol, eager. */
export class TaskAssignments {
  readonly #environment: LoopEnvironment;
  /** True: the group was asked once already for an assignment that fits. */
  #hasAskedAnew = false;
  #generationId = -1;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
  }

  /**
   * True: what was done is to be committed now if `isMember`, and then `next` called.
   *
   * @throws the error that ended the membership for good
   */
  get needsNext(): boolean {
    const { failure, needsJoin } = this.#environment.membership;
    if (failure !== undefined) throw failure;
    return needsJoin;
  }

  /** False once the group has given this member's tasks away. */
  get isMember(): boolean {
    return this.#environment.membership.isMember;
  }

  /**
   * @throws ClusterError `COMMIT_FENCED`: what was done since the last commit must not be committed any more, the
   *   tasks may run elsewhere
   */
  requireMember(): void {
    if (!this.isMember)
      throw new ClusterError(
        "COMMIT_FENCED",
        "the group has given this member's tasks away, since it was not heard of for a session's time",
      );
  }

  /** Joins the group. Undefined: it was asked to look at this member's topology first, so call it again. */
  async next(signal: AbortSignal): Promise<TargetTasks | undefined> {
    const { membership, platform, patterns, cluster } = this.#environment;
    await patterns.look(cluster.admin, signal);
    const assignment = await membership.join(signal);
    const { assigned, basis } = readAssignment(assignment);
    if (this.#isOutdated(basis)) return undefined;
    const isAfterGap = assignment.generationId > this.#generationId + 1;
    this.#generationId = assignment.generationId;
    platform.logger.log("info", "streams.tasks-assigned", {
      tasks: assigned.map(({ taskId }) => taskIdText(taskId)),
    });
    return { assigned, basis, isAfterGap };
  }

  /** Has the group assign its tasks again. */
  askAgain(reason: string): void {
    this.#environment.membership.requestRejoin(reason);
  }

  /**
   * A static member that comes back is given what its predecessor had, without anybody having looked at its
   * topology: where that has changed it asks the group to look.
   */
  #isOutdated(basis: AssignmentBasis | undefined): boolean {
    const { config } = this.#environment;
    if (basis === undefined || basis.topology === config.fingerprint) return false;
    if (this.#hasAskedAnew) throw otherTopology(`the leader of the group runs ${basis.topology}`);
    this.#hasAskedAnew = true;
    this.askAgain("the topology of this member has changed");
    return true;
  }
}
