import type {
  ClusterAdmin,
  GroupMembership,
  GroupMetadata,
  OffsetAndMetadata,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { Logger } from "@millrace/platform";

import { taskIdText } from "../processor/task-id.ts";
import type { AssignmentBasis } from "./assignment/assignment-basis.ts";
import type { PatternTopics } from "./pattern-topics.ts";
import { otherTopology, readAssignment } from "./read-assignment.ts";
import type { AssignmentHold, TargetTasks, TaskAssignments } from "./task-assignments.ts";

export interface EagerTaskAssignmentsOptions {
  readonly membership: GroupMembership;
  readonly admin: ClusterAdmin;
  /** Looked up before each join, so that it subscribes to what is there. */
  readonly patterns: PatternTopics;
  /** Of this member's topology. */
  readonly fingerprint: string;
  readonly logger: Logger;
}

/** The classic protocol, eager: the loop holds while the group is joined. */
export class EagerTaskAssignments implements TaskAssignments {
  target: TargetTasks | undefined = undefined;
  lossCount = 0;
  hold: AssignmentHold | undefined = undefined;
  readonly #options: EagerTaskAssignmentsOptions;
  /** True: the group was asked once already for an assignment that fits. */
  #hasAskedAnew = false;
  #generationId = -1;
  #wasMember = false;
  #listeners: readonly (() => void)[] = [];
  /** Ends the wait for a change of the membership. */
  #changed: () => void = () => {};

  constructor(options: EagerTaskAssignmentsOptions) {
    this.#options = options;
    options.membership.onChange(() => this.#membershipChanged());
  }

  get isMember(): boolean {
    return this.#options.membership.isMember;
  }

  get groupMetadata(): GroupMetadata {
    return this.#options.membership.groupMetadata;
  }

  onChange(callback: () => void): void {
    this.#listeners = [...this.#listeners, callback];
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { membership } = this.#options;
    const changed = (): void => this.#changed();
    signal.addEventListener("abort", changed, { once: true });
    try {
      while (!signal.aborted) {
        if (membership.failure !== undefined) throw membership.failure;
        const isChanged = new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
        if (membership.needsJoin) {
          await this.#held(signal);
          await this.#join(signal);
        } else await isChanged;
      }
    } finally {
      signal.removeEventListener("abort", changed);
    }
  }

  /** An eager member has given up everything before it joins: what it owns is of no matter to the group. */
  report(): void {}

  askAgain(reason: string): void {
    this.#options.membership.requestRejoin(reason);
  }

  committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    return this.#options.membership.committed(partitions, signal);
  }

  commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void> {
    return this.#options.membership.commit(offsets, signal);
  }

  #membershipChanged(): void {
    const { isMember } = this.#options.membership;
    if (this.#wasMember && !isMember) this.lossCount += 1;
    this.#wasMember = isMember;
    this.#changed();
    this.#tell();
  }

  async #held(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      this.hold = { reached: resolve };
      this.#tell();
    });
    signal.throwIfAborted();
  }

  async #join(signal: AbortSignal): Promise<void> {
    const { membership, patterns, admin, logger } = this.#options;
    await patterns.look(admin, signal);
    const assignment = await membership.join(signal);
    this.#wasMember = membership.isMember;
    const { assigned, basis } = readAssignment(assignment);
    if (this.#isOutdated(basis)) return;
    if (assignment.generationId > this.#generationId + 1) this.lossCount += 1;
    this.#generationId = assignment.generationId;
    logger.log("info", "streams.tasks-assigned", {
      tasks: assigned.map(({ taskId }) => taskIdText(taskId)),
    });
    this.target = { active: assigned, standby: [], basis };
    this.hold = undefined;
    this.#tell();
  }

  /**
   * A static member that comes back is given what its predecessor had, without anybody having looked at its
   * topology: where that has changed it asks the group to look.
   */
  #isOutdated(basis: AssignmentBasis | undefined): boolean {
    const { fingerprint } = this.#options;
    if (basis === undefined || basis.topology === fingerprint) return false;
    if (this.#hasAskedAnew) throw otherTopology(`the leader of the group runs ${basis.topology}`);
    this.#hasAskedAnew = true;
    this.askAgain("the topology of this member has changed");
    return true;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
