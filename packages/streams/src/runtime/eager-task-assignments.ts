import type {
  ClusterAdmin,
  GroupMembership,
  GroupMetadata,
  OffsetAndMetadata,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import type { GroupDecisions } from "./group-decisions.ts";
import type { PatternTopics } from "./pattern-topics.ts";
import type { AssignmentHold, TargetTasks, TaskAssignments } from "./task-assignments.ts";

export interface EagerTaskAssignmentsOptions {
  readonly membership: GroupMembership;
  readonly admin: ClusterAdmin;
  /** Looked up before each join, so that it subscribes to what is there. */
  readonly patterns: PatternTopics;
  readonly decisions: GroupDecisions;
}

/** The classic protocol, eager: the loop holds while the group is joined. */
export class EagerTaskAssignments implements TaskAssignments {
  target: TargetTasks | undefined = undefined;
  lossCount = 0;
  hold: AssignmentHold | undefined = undefined;
  readonly #options: EagerTaskAssignmentsOptions;
  #generationId = -1;
  #wasMember = false;
  #listeners: readonly (() => void)[] = [];
  #tellNews: () => void = () => {};
  /** Ends the wait for a change of the membership. */
  #changed: () => void = () => {};

  constructor(options: EagerTaskAssignmentsOptions) {
    this.#options = options;
    options.membership.onChange(() => this.#membershipChanged());
  }

  get confirmedMs(): number | undefined {
    return this.#options.membership.confirmedMs;
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

  onNews(callback: () => void): void {
    this.#tellNews = callback;
  }

  hear(): void {
    this.#options.membership.hear();
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
      this.#options.decisions.close();
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
    const { membership, patterns, admin, decisions } = this.#options;
    decisions.close();
    await patterns.look(admin, signal);
    this.#tellNews();
    const assignment = await membership.join(signal);
    this.#wasMember = membership.isMember;
    const target = decisions.read(assignment);
    if (target === undefined) return;
    if (assignment.generationId > this.#generationId + 1) this.lossCount += 1;
    this.#generationId = assignment.generationId;
    this.target = target;
    this.hold = undefined;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
