import {
  ClusterError,
  type ClusterAdmin,
  type GroupMembership,
  type GroupMembershipOptions,
  type GroupMetadata,
  type MemberAssignment,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { abortable, JoinedSignal, type Timer } from "@millrace/platform";
import type { Broker } from "kafkajs";

import { endWithin, openLink, request, type KafkajsContext } from "../kafkajs-context.ts";
import { clusterErrorOf, mayPass } from "../link/kafkajs-failure.ts";
import type { KafkajsLink } from "../link/kafkajs-link.ts";
import { commitOffsets, committedOffsets } from "./group-offsets.ts";
import { assignmentOf } from "./group-bytes.ts";
import { groupCallsOf } from "./group-calls.ts";
import { countsOf, joinOnce, JoinAgain, type JoinParts, type Seat } from "./join.ts";
import { Session } from "./session.ts";

const pauseMs = 100;
const leaveTimeoutMs = 5000;

export interface KafkajsMembershipParts {
  readonly context: KafkajsContext;
  readonly admin: ClusterAdmin;
  readonly options: GroupMembershipOptions;
  readonly onClosed: () => void;
}

/**
 * A dynamic member of a group, eager, by the calls of kafkajs's brokers: it joins when its owner says so.
 *
 * `isMember` is false before the group may have given the partitions away: after a session without an answer nothing of
 * this generation is committed.
 */
export class KafkajsMembership implements GroupMembership {
  readonly keepsPartitions = false;
  needsJoin = true;
  isMember = false;
  failure: Error | undefined = undefined;
  readonly #context: KafkajsContext;
  readonly #admin: ClusterAdmin;
  readonly #options: GroupMembershipOptions;
  readonly #onClosed: () => void;
  /** Joins wait for other members: they have connections of their own. */
  readonly #joinLink: KafkajsLink;
  readonly #link: KafkajsLink;
  readonly #session: Session;
  readonly #closed = new AbortController();
  readonly #listeners: (() => void)[] = [];
  readonly #joinParts: JoinParts;
  #memberId = "";
  /** The latest attempt to join, which goes on when nobody waits for it any more. Never rejects. */
  #joining: Promise<unknown> = Promise.resolve();
  #generationId = -1;
  #counts: ReadonlyMap<string, number> | undefined;
  #look: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  /** Resolves once no commit is under way. */
  #settled: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;

  constructor({ context, admin, options, onClosed }: KafkajsMembershipParts) {
    this.#context = context;
    this.#admin = admin;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#joinLink = openLink(context, { isolation: "read_committed" });
    this.#link = openLink(context, { isolation: "read_committed" });
    const onKnown = (memberId: string): void => {
      this.#memberId = memberId;
    };
    const { clock } = context.platform;
    this.#joinParts = { clock, link: this.#joinLink, admin, options, onKnown };
    this.#session = new Session({
      context,
      options,
      link: this.#link,
      onRebalance: () => this.#mustJoin(),
      onEnd: ({ isUnknown }) => {
        if (isUnknown) this.#memberId = "";
        this.#forgotten();
      },
    });
  }

  get confirmedMs(): number | undefined {
    return this.#session.confirmedMs;
  }

  get groupMetadata(): GroupMetadata {
    return {
      groupId: this.#options.groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: null,
    };
  }

  async join(signal?: AbortSignal): Promise<MemberAssignment> {
    using ends = new JoinedSignal(signal, this.#closed.signal, this.#context.closing);
    const over = ends.signal;
    this.#look?.cancel();
    for (;;) {
      over.throwIfAborted();
      if (this.failure !== undefined) throw this.failure;
      try {
        const joining = joinOnce(this.#joinParts, this.#memberId, over);
        this.#joining = joining.catch(() => {}); // told by the join that waits for it
        return this.#take(await abortable(joining, over));
      } catch (error) {
        if (over.aborted) throw over.reason;
        if (error instanceof JoinAgain) this.#memberId = error.memberId;
        else if (mayPass(error)) await this.#context.platform.timers.sleep(pauseMs, over);
        else
          throw clusterErrorOf(`group ${this.#options.groupId} does not take this member`, error);
      }
    }
  }

  onChange(callback: () => void): void {
    this.#listeners.push(callback);
  }

  requestRejoin(reason: string): void {
    const { groupId } = this.#options;
    this.#context.kafka.logger().info(`[Millrace] a member joins again: ${reason}`, { groupId });
    this.#mustJoin();
  }

  hear(): void {
    if (!this.needsJoin) this.#session.hear();
  }

  committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    const { groupId } = this.#options;
    const what = `offsets of group ${groupId}`;
    return request(this.#context, { what, signal }, () =>
      this.#atCoordinator((coordinator) => committedOffsets(coordinator, groupId, partitions)),
    );
  }

  /**
   * One after the other, in the order of the calls: of two that are under way the first one may be tried again once
   * the second one counts, and would take the group back.
   */
  async commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void> {
    this.#closed.signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    const { groupId } = this.#options;
    if (!this.isMember) throw noMember(groupId);
    const group = this.groupMetadata;
    const before = this.#settled;
    const committing = abortable(before, signal).then(() =>
      request(this.#context, { what: `a commit of group ${groupId}`, signal }, () =>
        this.#atCoordinator((coordinator) => commitOffsets(coordinator, group, offsets)),
      ),
    );
    // Without the outcomes, each of which would hold those before it.
    this.#settled = Promise.allSettled([before, committing]).then(() => {});
    try {
      await committing;
    } catch (error) {
      const isFenced = error instanceof ClusterError && error.code === "COMMIT_FENCED";
      if (isFenced && group.generationId === this.#generationId) this.#forgotten();
      throw error;
    }
  }

  close(options: { readonly timeoutMs?: number; readonly keepSeat?: boolean } = {}): Promise<void> {
    return (this.#ending ??= this.#close(options.timeoutMs ?? leaveTimeoutMs));
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#closed.abort(new ClusterError("CLUSTER_CLOSED", "the membership is closed"));
    this.#look?.cancel();
    this.isMember = false;
    if (timeoutMs > 0) await endWithin(this.#context, timeoutMs, this.#leaveAll());
    const ends = [this.#session.close(), this.#looking, this.#link.close(), this.#joinLink.close()];
    await endWithin(this.#context, this.#context.closeTimeoutMs, Promise.all(ends));
    this.#onClosed();
  }

  /** Leaving ends a join that is under way; one that was not given an id yet has to be waited for. */
  async #leaveAll(): Promise<void> {
    await this.#leave();
    await this.#joining;
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const memberId = this.#memberId;
    if (memberId === "") return;
    this.#memberId = "";
    const { groupId } = this.#options;
    await this.#atCoordinator((coordinator) =>
      groupCallsOf(coordinator).leaveGroup({ groupId, memberId }),
    );
  }

  #atCoordinator<T>(work: (coordinator: Broker) => Promise<T>): Promise<T> {
    return this.#link.through(async (ready) =>
      work(await ready.coordinator(this.#options.groupId)),
    );
  }

  #take(seat: Seat): MemberAssignment {
    this.#memberId = seat.memberId;
    this.#generationId = seat.generationId;
    this.#counts = seat.counts;
    this.isMember = true;
    this.needsJoin = false;
    this.#session.begin(seat);
    this.#lookLater();
    const { partitions, userData } = assignmentOf(seat.assignment);
    return { generationId: seat.generationId, partitions, userData };
  }

  /** The leader has the group assigned anew where topics of its members have changed, have come or are gone. */
  #lookLater(): void {
    const counts = this.#counts;
    if (counts === undefined || counts.size === 0) return;
    this.#look?.cancel();
    this.#look = this.#context.platform.timers.after(this.#context.metadataMaxAgeMs, () => {
      this.#looking = this.#lookAt(counts);
    });
  }

  async #lookAt(counts: ReadonlyMap<string, number>): Promise<void> {
    try {
      const now = await countsOf(this.#admin, [...counts.keys()], this.#closed.signal);
      const changed = [...counts].find(([topic, count]) => (now.get(topic) ?? 0) !== count);
      if (changed !== undefined && counts === this.#counts && !this.needsJoin)
        this.requestRejoin(`the partitions of ${changed[0]} have changed`);
    } catch (error) {
      this.#context.kafka.logger().debug(`[Millrace] no metadata: ${String(error)}`);
    }
    if (!this.needsJoin && !this.#closed.signal.aborted) this.#lookLater();
  }

  #mustJoin(): void {
    if (this.needsJoin) return;
    this.needsJoin = true;
    this.#tell();
  }

  #forgotten(): void {
    this.#session.stop();
    this.isMember = false;
    this.needsJoin = true;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function noMember(groupId: string): ClusterError {
  return new ClusterError(
    "COMMIT_FENCED",
    `this member is none of group ${groupId} (any more); join it first, and go on from what is committed`,
  );
}
