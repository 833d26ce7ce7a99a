import {
  ClusterError,
  type GroupMetadata,
  type MemberAssignment,
  type OffsetAndMetadata,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { abortable, type Timer } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";

import type { ClientContext } from "../client-context.ts";
import { BackgroundWork } from "../connection/background-work.ts";
import { Backoff } from "../connection/backoff.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { RequestFailure } from "../connection/request-failure.ts";
import { isRetriable } from "../connection/retrying.ts";
import { signalAfter } from "../signal-after.ts";
import {
  type AssignedPartitions,
  includesAll,
  namedPartitions,
  samePartitions,
} from "./assigned-partitions.ts";
import { askedNow, type Asked } from "./asked.ts";
import { commitAsMember, type CommittingMember } from "./commit-as-member.ts";
import { CommittedOffsets } from "./committed-offsets.ts";
import type { ConsumerMembership } from "./consumer-membership.ts";
import { beatGroup, type BrokerGroupOptions, checkBeat, notServed } from "./group-beat.ts";
import { groupRefusal } from "./group-refusal.ts";
import { memberFenced } from "./join-group.ts";

/** How long the group may take to hear that a member leaves. */
const leaveTimeoutMs = 5000;
const leaveEpoch = { forGood: -1, forAWhile: -2 } as const;
const nothing: AssignedPartitions = [];

/**
 * A member of a group whose partitions the broker shares out (KIP-848; Kafka: `ConsumerMembershipManager`). Heartbeats
 * bring what it is to have. `join` hands that to the owner; what it is to give up is still told as owned then, until the
 * owner has done so and joins again.
 *
 * ```
 *  outside ──epoch 0──> member ──another assignment──> member that needs to join ──join──> member
 *              │                                             ▲                     │
 *              │                                             └──has to give up─────┘
 *              └──fenced, unknown, or no answer for a session──> outside
 * ```
 */
export class BrokerMembership implements ConsumerMembership, CommittingMember {
  readonly keepsPartitions = true;
  needsJoin = true;
  isMember = false;
  failure: Error | undefined = undefined;
  lossCount = 0;
  confirmedMs: number | undefined;
  readonly #context: ClientContext;
  readonly #options: BrokerGroupOptions;
  readonly #lane: BrokerLane;
  readonly #offsets: CommittedOffsets;
  readonly #memberId: string;
  readonly #background = new BackgroundWork();
  readonly #closing = new AbortController();
  readonly #listeners: (() => void)[] = [];
  #memberEpoch = 0;
  #heartbeatIntervalMs = 5000;
  /** What the owner was given last. */
  #taken: AssignedPartitions = nothing;
  /** What the group is told that the owner has: also what it has not given up yet. */
  #owned: AssignedPartitions = nothing;
  /** What the group gives. */
  #assigned: AssignedPartitions = nothing;
  #heartbeat: Timer | undefined;
  /** Ends the session, whatever is under way then. */
  #end: Timer | undefined;
  /** One heartbeat at a time: the epoch of one comes with the answer to the one before. */
  #beating: Promise<void> = Promise.resolve();
  #leaving: Promise<void> = Promise.resolve();

  constructor(context: ClientContext, options: BrokerGroupOptions) {
    this.#context = context;
    this.#options = options;
    this.#lane = context.openLane();
    this.#memberId = context.platform.random.uuid();
    const { groupId } = options;
    this.#offsets = new CommittedOffsets(context, {
      kind: "group",
      key: groupId,
      lane: this.#lane,
    });
  }

  get generationId(): number {
    return this.#memberEpoch;
  }

  get groupMetadata(): GroupMetadata {
    return {
      groupId: this.#options.groupId,
      generationId: this.#memberEpoch,
      memberId: this.#memberId,
      groupInstanceId: this.#options.groupInstanceId ?? null,
    };
  }

  onChange(callback: () => void): void {
    this.#listeners.push(callback);
  }

  requestRejoin(): void {
    this.#needJoin();
  }

  hear(): void {
    if (!this.needsJoin && this.isMember) this.#background.begin(this.#beatNow());
  }

  async join(signal?: AbortSignal): Promise<MemberAssignment> {
    if (this.failure !== undefined) throw this.failure;
    this.#heartbeat?.cancel();
    await abortable(Promise.all([this.#beating, this.#leaving]), signal);
    // Whoever joins has given up what the last answer was without.
    this.#owned = this.#taken;
    if (includesAll(this.#assigned, this.#owned))
      await this.#retry(async () => {
        // What comes is taken at once, and is told so; nobody else has it.
        if (this.#memberEpoch > 0) this.#owned = this.#assigned;
        await this.#beatInTurn();
      }, signal);
    this.#taken = this.#assigned;
    this.isMember = true;
    this.needsJoin = !includesAll(this.#taken, this.#owned);
    if (!this.needsJoin) this.#owned = this.#taken;
    this.#schedule();
    const partitions = await namedPartitions(this.#context, this.#taken, this.#options.topics);
    return { generationId: this.#memberEpoch, partitions, userData: null };
  }

  async committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    return this.#offsets.fetch(partitions, signal);
  }

  /** An epoch that went on meanwhile is told by the next heartbeat: then it is tried once more. */
  async commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void> {
    this.#closing.signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    await commitAsMember({
      member: this,
      commit: (as) => this.#offsets.commit(offsets, as, signal),
      isOutdated: isStale,
      refusal: (error, isLost) => (isLost ? this.#noMember() : this.#outdated(error)),
      signal,
    });
  }

  async renew(signal: AbortSignal | undefined): Promise<void> {
    await abortable(this.#beatNow(), signal);
  }

  giveUp(reason: string): void {
    if (!this.isMember) return;
    const { groupId, groupInstanceId } = this.#options;
    this.#context.platform.logger.log("warn", "client.member-gives-up", { groupId, reason });
    const isStatic = groupInstanceId !== undefined;
    this.#leaving = this.#leave(isStatic ? leaveEpoch.forAWhile : leaveEpoch.forGood);
    this.#background.begin(this.#leaving);
    this.#forgotten();
  }

  async close(
    options: { readonly timeoutMs?: number; readonly keepSeat?: boolean } = {},
  ): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ClusterError("CLUSTER_CLOSED", "the membership is closed"));
    const isIn = this.#memberEpoch > 0 && this.failure === undefined;
    this.#stop();
    this.isMember = false;
    const keepsSeat = options.keepSeat === true;
    const isStatic = this.#options.groupInstanceId !== undefined;
    if (isIn && (isStatic || !keepsSeat))
      await this.#leave(
        keepsSeat ? leaveEpoch.forAWhile : leaveEpoch.forGood,
        options.timeoutMs ?? leaveTimeoutMs,
      );
    this.#lane.close();
    await this.#background.ended();
  }

  /** Until it comes to something, or cannot. */
  async #retry(attempt: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const { platform, options, coordinators } = this.#context;
    const backoff = new Backoff(platform.random, {
      firstMs: options.retryBackoffMs,
      maxMs: options.retryBackoffMsMax,
    });
    for (;;) {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      try {
        await abortable(attempt(), signal);
        return;
      } catch (error) {
        if (!this.#isWorthTrying(error)) throw this.#refused(error);
        coordinators.forgetAfter("group", this.#options.groupId, error);
        await platform.timers.sleep(backoff.next(), signal ?? this.#closing.signal);
      }
    }
  }

  #isWorthTrying(error: unknown): boolean {
    if (isRetriable(error)) return true;
    if (!(error instanceof KafkaError)) return false;
    if (isForgetting(error)) {
      this.#forgotten();
      return true;
    }
    if (error.code !== "UNRELEASED_INSTANCE_ID") return false;
    // A process that was killed has left its seat taken until its session ends.
    const { groupId, groupInstanceId } = this.#options;
    const advice =
      "its last owner has not left: its session ends by itself; give each process an instance id of its own";
    const { logger } = this.#context.platform;
    logger.log("warn", "client.seat-taken", { groupId, groupInstanceId, advice });
    return true;
  }

  #refused(error: unknown): unknown {
    if (!(error instanceof KafkaError)) {
      return error instanceof ClusterError && error.code === "UNSUPPORTED_BY_CLUSTER"
        ? notServed(this.#options, error)
        : error;
    }
    if (error.code === "UNSUPPORTED_VERSION") return notServed(this.#options, error);
    if (error.code === "FENCED_INSTANCE_ID") {
      this.#fail(memberFenced(this.#options, error));
      return this.failure;
    }
    return clusterErrorOf(groupRefusal(this.#options.groupId, error), error);
  }

  #schedule(): void {
    this.#heartbeat?.cancel();
    if (this.#closing.signal.aborted) return;
    this.#heartbeat = this.#context.platform.timers.after(this.#heartbeatIntervalMs, () =>
      this.#background.begin(this.#beatNow()),
    );
  }

  /** Never rejects: what fails is tried again until the session is over. */
  #beatNow(): Promise<void> {
    this.#beating = this.#beating.then(() => this.#beatOrWait());
    return this.#beating;
  }

  #beatInTurn(): Promise<void> {
    const beat = this.#beating.then(() => this.#beatOnce());
    this.#beating = beat.catch(() => {});
    return beat;
  }

  async #beatOrWait(): Promise<void> {
    if (this.#memberEpoch <= 0 || this.#closing.signal.aborted) return;
    try {
      await this.#beatOnce();
      if (!samePartitions(this.#taken, this.#assigned)) this.#needJoin();
    } catch (error) {
      if (error instanceof KafkaError && isForgetting(error)) return this.#forgotten();
      if (error instanceof KafkaError && error.code === "FENCED_INSTANCE_ID")
        return this.#fail(memberFenced(this.#options, error));
      this.#context.coordinators.forgetAfter("group", this.#options.groupId, error);
    }
    this.#schedule();
  }

  async #beatOnce(): Promise<void> {
    const asked = askedNow(this.#context.platform.clock);
    const memberEpoch = this.#memberEpoch;
    const answer = await beatGroup({
      context: this.#context,
      lane: this.#lane,
      options: this.#options,
      memberId: this.#memberId,
      memberEpoch,
      owned: this.#owned,
    });
    this.#closing.signal.throwIfAborted();
    // What it tells builds on partitions that this member has given up: only epoch 0 is told all of them again.
    if (this.#memberEpoch !== memberEpoch) throw answeredTooLate(this.#options);
    checkBeat(answer);
    this.#memberEpoch = answer.memberEpoch;
    this.#heartbeatIntervalMs = answer.heartbeatIntervalMs;
    if (answer.assignment !== null) this.#assigned = answer.assignment.topicPartitions;
    this.#extend(asked);
    if (memberEpoch > 0 && memberEpoch !== answer.memberEpoch) this.#tell();
  }

  /** The group heard of this member after it was asked, at the earliest. */
  #extend({ monotonicMs, wallMs }: Asked): void {
    const { clock, timers } = this.#context.platform;
    this.confirmedMs = wallMs;
    this.#end?.cancel();
    const leftMs = monotonicMs + this.#options.sessionTimeoutMs - clock.monotonicMs();
    this.#end = timers.after(Math.max(0, leftMs), () => this.#forgotten());
  }

  /** The group may have given its partitions away. */
  #forgotten(): void {
    this.#stop();
    this.isMember = false;
    this.lossCount++;
    this.#memberEpoch = 0;
    this.#taken = nothing;
    this.#owned = nothing;
    this.#assigned = nothing;
    this.needsJoin = true;
    this.#tell();
  }

  #needJoin(): void {
    if (this.needsJoin) return;
    this.needsJoin = true;
    this.#tell();
  }

  #fail(error: Error): void {
    this.failure = error;
    this.isMember = false;
    this.#stop();
    this.#tell();
  }

  #stop(): void {
    this.#heartbeat?.cancel();
    this.#end?.cancel();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Never rejects: its session ends by itself, and others take over then. */
  async #leave(memberEpoch: number, timeoutMs = leaveTimeoutMs): Promise<void> {
    const { platform } = this.#context;
    const timeout = signalAfter(platform, timeoutMs, () => new Error("leaving takes too long"));
    const { groupId } = this.#options;
    try {
      const beat = beatGroup({
        context: this.#context,
        lane: this.#lane,
        options: this.#options,
        memberId: this.#memberId,
        memberEpoch,
        owned: null,
      });
      checkBeat(await abortable(beat, timeout.signal));
    } catch (error) {
      const cause = String(error);
      platform.logger.log("info", "client.leave-group-failed", { groupId, cause });
    } finally {
      timeout.cancel();
    }
  }

  #outdated(cause: unknown): ClusterError {
    return new ClusterError(
      "COMMIT_FENCED",
      `group ${this.#options.groupId} refused this commit as one of another epoch than it is in; go on from what is committed`,
      { cause },
    );
  }

  #noMember(): ClusterError {
    return new ClusterError(
      "COMMIT_FENCED",
      `this consumer is no member of group ${this.#options.groupId} (any more); join it first, and go on from what is committed`,
    );
  }
}

function answeredTooLate({ groupId }: BrokerGroupOptions): RequestFailure {
  return new RequestFailure(
    "REQUEST_TIMED_OUT",
    `group ${groupId} answered a heartbeat after the session had ended; the member joins anew`,
    { wasSent: true },
  );
}

function isForgetting({ code }: KafkaError): boolean {
  return code === "FENCED_MEMBER_EPOCH" || code === "UNKNOWN_MEMBER_ID";
}

function isStale(error: unknown): boolean {
  return error instanceof KafkaError && error.code === "STALE_MEMBER_EPOCH";
}
