import {
  ClusterError,
  type GroupMetadata,
  type MemberAssignment,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { abortable } from "@millrace/platform";
import type { KafkaError } from "@millrace/protocol";

import type { ClientContext } from "../client-context.ts";
import { BackgroundWork } from "../connection/background-work.ts";
import { Backoff } from "../connection/backoff.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { fencedCommit } from "../connection/fenced-commit.ts";
import { isRetriable } from "../connection/retrying.ts";
import { withoutPartitions } from "./assigned-partitions.ts";
import { commitAsMember, type CommittingMember } from "./commit-as-member.ts";
import { CommittedOffsets } from "./committed-offsets.ts";
import type { ConsumerMembership } from "./consumer-membership.ts";
import { decodeAssignment } from "./consumer-protocol.ts";
import type { GroupProtocol, GroupSettings } from "./group-protocol.ts";
import { type GivenId, joinGroup, memberFenced, noId, type Seat } from "./join-group.ts";
import { leaveGroup } from "./leave-group.ts";
import { MemberSession } from "./member-session.ts";
import { UnansweredJoins } from "./unanswered-joins.ts";

/** How long the group may take to hear of it. */
const leaveTimeoutMs = 5000;

/**
 * A member of a group under the classic protocol: Kafka's `ConsumerCoordinator`.
 *
 * ```
 *  outside ──join──> member ──heartbeat says so──> member that needs to join ──join──> member
 *                      └──forgotten, or no answer for a session──> outside
 * ```
 *
 * Where it keeps its partitions its session goes on while it joins, and a commit that meets the end of a generation is
 * made again in the next one.
 *
 * CLIENT-4: `isMember` is false before the group may have given the partitions away: after a session without
 * an answer nothing of this generation is committed.
 */
export class ClassicMembership implements ConsumerMembership, CommittingMember {
  needsJoin = true;
  isMember = false;
  failure: Error | undefined = undefined;
  lossCount = 0;
  readonly #context: ClientContext;
  /** Joins wait for other members: they have connections of their own. */
  #joinLane: BrokerLane;
  readonly #lane: BrokerLane;
  readonly #options: GroupSettings;
  readonly #protocol: GroupProtocol;
  readonly #offsets: CommittedOffsets;
  readonly #closing = new AbortController();
  readonly #onClosed: () => void;
  readonly #unlisten: () => void;
  /** Of the leader: the partition counts that the assignment was made for; topics that were missing count 0. */
  #assignedCounts: ReadonlyMap<string, number> | undefined;
  readonly #background = new BackgroundWork();
  readonly #session: MemberSession;
  readonly #unanswered: UnansweredJoins;
  readonly #listeners: (() => void)[] = [];
  /** The join under way. Never rejects. */
  #joining: Promise<unknown> = Promise.resolve();
  /** What the group has given and the owner keeps while it joins again. */
  #kept: readonly TopicPartition[] = [];
  #id: GivenId = noId;
  #generationId = -1;
  #assignment: Uint8Array = new Uint8Array(0);
  #reason = "";
  #hasAsked = false;

  constructor(
    context: ClientContext,
    options: GroupSettings,
    protocol: GroupProtocol,
    onClosed: () => void = () => {},
  ) {
    this.#context = context;
    this.#protocol = protocol;
    this.#onClosed = onClosed;
    this.#unlisten = context.metadata.onChange(() => this.#topicsChanged());
    this.#options = options;
    this.#joinLane = context.openLane();
    this.#lane = context.openLane();
    const { groupId, rebalanceTimeoutMs } = options;
    this.#unanswered = new UnansweredJoins(context.platform.clock, rebalanceTimeoutMs);
    this.#offsets = new CommittedOffsets(context, {
      kind: "group",
      key: groupId,
      lane: this.#lane,
    });
    this.#session = new MemberSession({
      context,
      options,
      lane: this.#lane,
      background: this.#background,
      onRebalance: () => this.#leaveGeneration({ isForgotten: false }),
      onEnd: (error) => this.#ended(error),
    });
  }

  get keepsPartitions(): boolean {
    return this.#protocol.keepsPartitions;
  }

  get confirmedMs(): number | undefined {
    return this.#session.confirmedMs;
  }

  get generationId(): number {
    return this.#generationId;
  }

  get groupMetadata(): GroupMetadata {
    return {
      groupId: this.#options.groupId,
      generationId: this.#generationId,
      memberId: this.#id.memberId,
      groupInstanceId: this.#options.groupInstanceId ?? null,
    };
  }

  onChange(callback: () => void): void {
    this.#listeners.push(callback);
  }

  requestRejoin(reason: string): void {
    this.#reason = reason;
    this.#leaveGeneration({ isForgotten: false });
  }

  hear(): void {
    if (!this.needsJoin) this.#session.hear();
  }

  async join(signal?: AbortSignal): Promise<MemberAssignment> {
    const { partitions, userData } = decodeAssignment(await this.takeSeat(signal));
    if (this.keepsPartitions) this.#keep(partitions);
    return { generationId: this.#generationId, partitions, userData };
  }

  /** Joins, and gives the bytes of the assignment. */
  takeSeat(signal?: AbortSignal): Promise<Uint8Array> {
    const joining = this.#takeSeat(signal);
    this.#joining = joining.catch(() => {});
    return joining;
  }

  async #takeSeat(signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (this.failure !== undefined) throw this.failure;
    if (this.keepsPartitions && this.isMember) this.#session.beginJoin();
    else this.#session.stop();
    const { platform, options } = this.#context;
    const backoff = new Backoff(platform.random, {
      firstMs: options.retryBackoffMs,
      maxMs: options.retryBackoffMsMax,
    });
    for (;;) {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      const isSoon = await this.#tryToJoin(signal);
      if (isSoon === undefined) break;
      if (!isSoon) await platform.timers.sleep(backoff.next(), signal ?? this.#closing.signal);
    }
    return this.#assignment;
  }

  async committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    return this.#offsets.fetch(partitions, signal);
  }

  async commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void> {
    this.#closing.signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    // Without a generation it would be a stranger's commit, which a group without members takes.
    if (!this.isMember) throw noMember(this.#options);
    const generationId = this.#generationId;
    const { lossCount } = this;
    try {
      await commitAsMember({
        member: this,
        commit: (as) => this.#offsets.commit(offsets, as, signal),
        isOutdated: (error) => this.keepsPartitions && isFenced(error),
        refusal: (error) => error,
        signal,
      });
    } catch (error) {
      if (lossCount !== this.lossCount) throw fencedCommit(error);
      if (generationId === this.#generationId) this.#refused(error);
      throw this.failure === undefined ? fencedCommit(error) : error;
    }
  }

  /** The next generation begins with a join. */
  async renew(signal: AbortSignal | undefined): Promise<void> {
    await abortable(this.#joining, signal);
  }

  /** Lets the others have the partitions until it joins again; a static member's once its session is over, as in Kafka. */
  giveUp(reason: string): void {
    if (!this.isMember) return;
    const { groupId, groupInstanceId } = this.#options;
    this.#context.platform.logger.log("warn", "client.member-gives-up", { groupId, reason });
    if (groupInstanceId === undefined) {
      this.#background.begin(this.#leave(leaveTimeoutMs));
      this.#id = noId;
    }
    this.#leaveGeneration({ isForgotten: true });
  }

  async close(
    options: { readonly timeoutMs?: number; readonly keepSeat?: boolean } = {},
  ): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ClusterError("CLUSTER_CLOSED", "the membership is closed"));
    this.#unlisten();
    this.#session.stop();
    this.isMember = false;
    if (this.#mayHaveSeat && this.failure === undefined && options.keepSeat !== true) {
      await this.#leave(options.timeoutMs ?? leaveTimeoutMs);
    }
    this.#joinLane.close();
    this.#lane.close();
    await this.#background.ended();
    this.#onClosed();
  }

  /** The group may hold a seat for it, if only one that it still waits for. */
  get #mayHaveSeat(): boolean {
    if (this.#options.groupInstanceId === undefined) return this.#id.memberId !== "";
    return this.#hasAsked && this.#context.metadata.hasAnswered;
  }

  /** The leader has the group assigned anew where topics of its members have changed, have come or are gone. */
  #topicsChanged(): void {
    if (this.#assignedCounts === undefined) return;
    this.#context.metadata.track(this.#assignedCounts.keys());
    if (this.needsJoin) return;
    for (const [topic, count] of this.#assignedCounts) {
      const now = this.#context.metadata.topic(topic)?.partitions.length ?? 0;
      if (now === count) continue;
      this.requestRejoin(`the partitions of ${topic} have changed from ${count} to ${now}`);
      return;
    }
  }

  /** What the answer is without is to be given up: until then others do not get it. */
  #keep(partitions: readonly TopicPartition[]): void {
    const left = withoutPartitions(this.#kept, partitions);
    this.#kept = partitions;
    if (left.length > 0) this.requestRejoin("need to revoke partitions and re-join");
  }

  /** Undefined: seated. Else whether to try again at once. */
  async #tryToJoin(signal: AbortSignal | undefined): Promise<boolean | undefined> {
    this.#hasAsked = true;
    try {
      const attempt = joinGroup({
        context: this.#context,
        lane: this.#joinLane,
        options: this.#options,
        protocol: this.#protocol,
        id: this.#id,
        unanswered: this.#unanswered,
        kept: {
          generationId: this.isMember ? this.#generationId : -1,
          ownedPartitions: this.#kept,
        },
        reason: this.#reason,
        onJoined: (given, generationId) => {
          this.#id = given;
          this.#session.joined({ memberId: given.memberId, generationId });
        },
        signal,
      });
      const outcome = await abortable(attempt, signal);
      this.#closing.signal.throwIfAborted();
      if (outcome.kind === "again") {
        const isForgotten = outcome.id === noId && this.isMember && this.keepsPartitions;
        this.#id = outcome.id;
        if (isForgotten) this.#leaveGeneration({ isForgotten });
        return outcome.isSoon;
      }
      this.#take(outcome.seat);
      return undefined;
    } catch (error) {
      if (signal?.aborted === true) {
        // The join goes on waiting at the broker, and the next one would wait behind it.
        this.#joinLane.close();
        this.#joinLane = this.#context.openLane();
      }
      if (isRetriable(error)) {
        this.#context.coordinators.forgetAfter("group", this.#options.groupId, error);
        return false;
      }
      if (isMemberFenced(error) && this.#fenced(error) === undefined) return true;
      throw error;
    }
  }

  #take(seat: Seat): void {
    this.#id = { memberId: seat.memberId, givenOver: undefined };
    this.#generationId = seat.generationId;
    this.#assignment = seat.assignment;
    this.#assignedCounts = seat.assignedCounts;
    this.isMember = true;
    this.needsJoin = false;
    this.#session.begin(seat);
  }

  #ended(error: KafkaError | undefined): void {
    if (error?.code === "FENCED_INSTANCE_ID") {
      this.#fenced(memberFenced(this.#options, error));
      return;
    }
    if (error?.code === "UNKNOWN_MEMBER_ID") this.#id = noId;
    this.#leaveGeneration({ isForgotten: true });
  }

  #leaveGeneration({ isForgotten }: { readonly isForgotten: boolean }): void {
    if (isForgotten) {
      this.isMember = false;
      this.lossCount++;
      this.#kept = [];
      this.#session.stop();
    }
    if (this.needsJoin && !isForgotten) return;
    this.needsJoin = true;
    this.#tell();
  }

  /** A commit may hear of the end of a membership before a heartbeat does. */
  #refused(error: unknown): void {
    if (isMemberFenced(error)) this.#fenced(error);
    else if (isFenced(error)) this.#leaveGeneration({ isForgotten: true });
  }

  /** Gives its failure. Undefined: a join of its own may have done it, and it is to join anew. */
  #fenced(error: Error): Error | undefined {
    if (!this.#unanswered.explainFencing()) this.#fail(error);
    else {
      this.#id = noId;
      this.#leaveGeneration({ isForgotten: true });
    }
    return this.failure;
  }

  #fail(error: Error): void {
    this.failure = error;
    this.isMember = false;
    this.#session.stop();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #leave(timeoutMs: number): Promise<void> {
    return leaveGroup(this.#context, this.#lane, this.groupMetadata, timeoutMs);
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof ClusterError && error.code === "COMMIT_FENCED";
}

function isMemberFenced(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.code === "MEMBER_FENCED";
}

function noMember({ groupId }: GroupSettings): ClusterError {
  return new ClusterError(
    "COMMIT_FENCED",
    `this consumer is no member of group ${groupId} (any more); join it first, and go on from what is committed`,
  );
}
