import type {
  ClusterAdmin,
  GroupMembership,
  GroupMetadata,
  OffsetAndMetadata,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { abortable } from "@millrace/platform";

import { taskIdText } from "../processor/task-id.ts";
import type { GroupDecisions } from "./group-decisions.ts";
import type { PatternTopics } from "./pattern-topics.ts";
import type { OwnedTasks, TargetTasks, TaskAssignments } from "./task-assignments.ts";

export interface CooperativeTaskAssignmentsOptions {
  /** One that keeps partitions. */
  readonly membership: GroupMembership;
  readonly decisions: GroupDecisions;
  readonly admin: ClusterAdmin;
  /** Looked up before each join, so that it subscribes to what is there. */
  readonly patterns: PatternTopics;
}

/**
 * The classic protocol, cooperative (KIP-429): tasks go on while the group is joined, and those that stay never stop.
 * What goes is given up before the next join; whoever gets it then asked for that join.
 */
export class CooperativeTaskAssignments implements TaskAssignments {
  target: TargetTasks | undefined = undefined;
  lossCount = 0;
  readonly hold = undefined;
  readonly #options: CooperativeTaskAssignmentsOptions;
  #owned: OwnedTasks = { active: [], standby: [] };
  #wasMember = false;
  #generationId = -1;
  /** The join under way. Never rejects. */
  #joining: Promise<void> = Promise.resolve();
  #listeners: readonly (() => void)[] = [];
  #tellNews: () => void = () => {};
  /** Ends the wait for a change of the membership, or of what is owned. */
  #changed: () => void = () => {};

  constructor(options: CooperativeTaskAssignmentsOptions) {
    this.#options = options;
    options.membership.onChange(() => this.#membershipChanged());
  }

  get confirmedMs(): number | undefined {
    return this.#options.membership.confirmedMs;
  }

  get isMember(): boolean {
    return this.#options.membership.isMember;
  }

  /** Offsets that the end of a generation was faster than are sent again in the next one. */
  get groupMetadata(): GroupMetadata {
    const { groupMetadata } = this.#options.membership;
    const { lossCount } = this;
    return {
      ...groupMetadata,
      renewed: async (signal) => {
        await abortable(this.#joining, signal);
        if (!this.isMember || this.lossCount !== lossCount) return undefined;
        const next = this.#options.membership.groupMetadata;
        return next.generationId === groupMetadata.generationId ? undefined : next;
      },
    };
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
    const { membership, decisions } = this.#options;
    const changed = (): void => this.#changed();
    signal.addEventListener("abort", changed, { once: true });
    try {
      while (!signal.aborted) {
        if (membership.failure !== undefined) throw membership.failure;
        const isChanged = new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
        if (membership.needsJoin && this.#hasGivenUp) await this.#join(signal);
        else await isChanged;
      }
    } finally {
      decisions.close();
      signal.removeEventListener("abort", changed);
    }
  }

  report(owned: OwnedTasks): void {
    this.#owned = owned;
    this.#changed();
  }

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

  /** True: nothing is owned that the group has not given. What is lost is owned no more, whatever was reported. */
  get #hasGivenUp(): boolean {
    if (this.target === undefined || !this.isMember) return true;
    const given = new Set(this.target.active.map(({ taskId }) => taskIdText(taskId)));
    return this.#owned.active.every(({ taskId }) => given.has(taskIdText(taskId)));
  }

  #membershipChanged(): void {
    const { isMember } = this.#options.membership;
    if (this.#wasMember && !isMember) {
      this.lossCount += 1;
      // What it said may be others' now: nothing is worked on before the next join.
      this.target = undefined;
    }
    this.#wasMember = isMember;
    this.#changed();
    this.#tell();
  }

  async #join(signal: AbortSignal): Promise<void> {
    const { membership, patterns, admin, decisions } = this.#options;
    decisions.close();
    await patterns.look(admin, signal);
    this.#tellNews();
    const joining = membership.join(signal);
    this.#joining = joining.then(
      () => {},
      () => {},
    );
    const assignment = await joining;
    // STREAMS-9: in a generation that it missed a static member counts as it was before: its tasks may have been given away.
    if (assignment.generationId > this.#generationId + 1) this.lossCount += 1;
    this.#generationId = assignment.generationId;
    this.#wasMember = membership.isMember;
    const target = decisions.read(assignment);
    if (target === undefined) return;
    // An older leader has given tasks to others that are worked on here: what is not committed was theirs.
    if (target.basis?.isCooperative === false) this.lossCount += 1;
    this.target = target;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
