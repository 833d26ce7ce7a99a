import {
  ClusterError,
  type GroupMetadata,
  type OffsetAndMetadata,
  type StreamsEndpoint,
  type StreamsMembership,
  type StreamsMembershipOptions,
  type StreamsStatus,
  type StreamsTasks,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { abortable, JoinedSignal, type Timer } from "@millrace/platform";
import { KafkaError, type ErrorName } from "@millrace/protocol";
import type { StreamsGroupHeartbeatResponse } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import { Backoff } from "../connection/backoff.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { isRetriable } from "../connection/retrying.ts";
import { signalAfter } from "../signal-after.ts";
import { askedNow, type Asked } from "./asked.ts";
import { commitAsMember, type CommittingMember, renewed } from "./commit-as-member.ts";
import { CommittedOffsets } from "./committed-offsets.ts";
import { groupRefusal } from "./group-refusal.ts";
import {
  beatStreamsGroup,
  noTasks,
  streamsGroupsNotServed,
  tasksText,
  toldStatuses,
  toldTarget,
} from "./streams-beat.ts";

/** How long the group may take to hear that a member leaves. */
const leaveTimeoutMs = 5000;
const leaveEpoch = -1;

const otherTopology =
  ' (the group has the topology of another version of the program: stop all instances, start one of the new version with groupProtocol "classic", ' +
  'stop it, and start all with "streams"; or give the new version another applicationId)';

/**
 * A member of a streams group (KIP-1071; Kafka: `StreamsMembershipManager`). Heartbeats bring what it is to have, and
 * tell what it has: what goes is given up before the group gives it to others.
 *
 * ```
 *  outside ──epoch 0──> member ──heartbeats──> member
 *                          └──fenced, unknown, or no answer for a session──> outside
 * ```
 */
export class StreamsGroupMembership implements StreamsMembership, CommittingMember {
  target: StreamsTasks | undefined = undefined;
  statuses: readonly StreamsStatus[] = [];
  endpoints: readonly StreamsEndpoint[] = [];
  heartbeatIntervalMs = 5000;
  isMember = false;
  lossCount = 0;
  confirmedMs: number | undefined;
  readonly #context: ClientContext;
  readonly #options: StreamsMembershipOptions;
  readonly #lane: BrokerLane;
  readonly #offsets: CommittedOffsets;
  readonly #onClosed: () => void;
  readonly #closing = new AbortController();
  #listeners: readonly (() => void)[] = [];
  #memberEpoch = 0;
  #endpointEpoch = -1;
  #owned: StreamsTasks = noTasks;
  #endsApplication = false;
  /** What the group was told to be owned; undefined: nobody knows. */
  #told: string | undefined;
  /** Until then each heartbeat tells all, and asks for what the group gives. */
  #askUntilMs = -Infinity;
  /** Ends the session, whatever is under way then. */
  #end: Timer | undefined;
  /** Ends the wait for the next heartbeat. */
  #wake: () => void = () => {};
  /** Called once the next heartbeat has come to something. */
  #afterBeat: (() => void)[] = [];
  #following: Promise<void> = Promise.resolve();

  constructor(
    context: ClientContext,
    options: StreamsMembershipOptions,
    onClosed: () => void = () => {},
  ) {
    this.#context = context;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#lane = context.openLane();
    const { groupId } = options;
    const coordinated = { kind: "group", key: groupId, lane: this.#lane } as const;
    this.#offsets = new CommittedOffsets(context, coordinated);
  }

  /** An epoch that has gone on meanwhile is told by the answer to a heartbeat. */
  get groupMetadata(): GroupMetadata {
    const { groupId, memberId } = this.#options;
    const generationId = this.#memberEpoch;
    const { lossCount } = this;
    return {
      groupId,
      memberId,
      generationId,
      groupInstanceId: null,
      renewed: (signal) => renewed(this, { generationId, lossCount }, signal),
    };
  }

  onChange(callback: () => void): void {
    this.#listeners = [...this.#listeners, callback];
  }

  report(owned: StreamsTasks): void {
    this.#owned = owned;
    if (tasksText(owned) !== this.#told) this.#wake();
  }

  hear(): void {
    this.#wake();
  }

  follow(signal: AbortSignal): Promise<void> {
    const ended = new JoinedSignal(signal, this.#closing.signal);
    const following = this.#follow(ended.signal).finally(() => ended[Symbol.dispose]());
    this.#following = following.catch(() => {});
    return following;
  }

  committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    return this.#offsets.fetch(partitions, signal);
  }

  async commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void> {
    this.#closing.signal.throwIfAborted();
    await commitAsMember({
      member: this,
      commit: (as) => this.#offsets.commit(offsets, as, signal),
      isOutdated: isStale,
      refusal: () => this.#noMember(),
      signal,
    });
  }

  async renew(signal: AbortSignal | undefined): Promise<void> {
    const beaten = new Promise<void>((resolve) => this.#afterBeat.push(resolve));
    this.#wake();
    await abortable(beaten, signal);
  }

  async endApplication(signal?: AbortSignal): Promise<void> {
    this.#endsApplication = true;
    await abortable(this.#beat(), signal);
  }

  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ClusterError("CLUSTER_CLOSED", "the membership is closed"));
    this.#end?.cancel();
    await this.#following;
    for (const go of this.#afterBeat.splice(0)) go();
    const { isMember } = this;
    this.isMember = false;
    if (isMember) await this.#leave(options.timeoutMs ?? leaveTimeoutMs);
    this.#lane.close();
    this.#onClosed();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { platform, options, coordinators } = this.#context;
    const backoff = new Backoff(platform.random, {
      firstMs: options.retryBackoffMs,
      maxMs: options.retryBackoffMsMax,
    });
    this.#mayMiss(); // this member may have been another process, and its heartbeats may be under way
    while (!signal.aborted) {
      const isWoken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        const waiting = this.#afterBeat.splice(0);
        await abortable(this.#beat(), signal).finally(() => waiting.forEach((go) => go()));
        if (tasksText(this.#owned) === this.#told)
          await this.#wait(this.heartbeatIntervalMs, { isWoken, signal });
      } catch (error) {
        if (signal.aborted) return;
        this.#told = undefined;
        this.#mayMiss();
        if (isForgetting(error)) this.#lost();
        else if (!isRetriable(error)) throw this.#refused(error);
        else {
          coordinators.forgetAfter("group", this.#options.groupId, error);
          await this.#wait(backoff.next(), { signal });
        }
      }
    }
  }

  /**
   * A heartbeat was given up, perhaps. It may reach the group late, on a connection that nobody reads from any more, and what it
   * was answered is lost while later ones are answered: so the group is asked to tell again for as long as it would wait.
   */
  #mayMiss(): void {
    const { rebalanceTimeoutMs = 300_000 } = this.#options;
    this.#askUntilMs = this.#context.platform.clock.monotonicMs() + rebalanceTimeoutMs;
  }

  /** Ends early where it is woken, or the signal aborts. */
  async #wait(
    ms: number,
    { isWoken, signal }: { readonly isWoken?: Promise<void>; readonly signal: AbortSignal },
  ): Promise<void> {
    const woken = new AbortController();
    void isWoken?.then(() => woken.abort());
    using either = new JoinedSignal(woken.signal, signal);
    await this.#context.platform.timers.sleep(ms, either.signal).catch((error: unknown) => {
      if (!either.signal.aborted) throw error;
    });
  }

  async #beat(): Promise<void> {
    const asked = askedNow(this.#context.platform.clock);
    const { lossCount } = this;
    const owned = this.#owned;
    const text = tasksText(owned);
    const isJoin = this.#memberEpoch === 0;
    const mayHaveMissed = asked.monotonicMs < this.#askUntilMs;
    const answer = await beatStreamsGroup({
      context: this.#context,
      lane: this.#lane,
      options: this.#options,
      memberEpoch: this.#memberEpoch,
      endpointInformationEpoch: this.#endpointEpoch,
      owned: text === this.#told && !mayHaveMissed ? undefined : owned,
      mayHaveMissed,
      endsApplication: this.#endsApplication,
    });
    this.#closing.signal.throwIfAborted();
    if (this.lossCount !== lossCount) return; // it answers a session that is over
    const { errorCode, errorMessage } = answer;
    if (errorCode !== 0) throw KafkaError.of(errorCode, errorMessage ?? undefined);
    this.#told = isJoin ? tasksText(noTasks) : text;
    this.#take(answer);
    this.#extend(asked);
  }

  #take(answer: StreamsGroupHeartbeatResponse): void {
    this.isMember = true;
    this.#memberEpoch = answer.memberEpoch;
    this.heartbeatIntervalMs = answer.heartbeatIntervalMs;
    this.#endpointEpoch = answer.endpointInformationEpoch;
    this.statuses = toldStatuses(answer) ?? this.statuses;
    this.endpoints = answer.partitionsByUserEndpoint?.map(endpointOf) ?? this.endpoints;
    const told = toldTarget(answer);
    const isOther =
      this.target === undefined || tasksText(this.target) !== tasksText(told ?? this.target);
    if (told !== undefined && isOther) this.target = told;
    this.#tell();
  }

  /** The group heard of this member after it was asked, at the earliest. */
  #extend({ monotonicMs, wallMs }: Asked): void {
    const { clock, timers } = this.#context.platform;
    const { sessionTimeoutMs = 45_000 } = this.#options;
    this.confirmedMs = wallMs;
    this.#end?.cancel();
    const leftMs = monotonicMs + sessionTimeoutMs - clock.monotonicMs();
    this.#end = timers.after(Math.max(0, leftMs), () => this.#lost());
  }

  /** The group may have given its tasks away. */
  #lost(): void {
    this.#end?.cancel();
    if (this.isMember) this.lossCount += 1;
    this.isMember = false;
    this.#memberEpoch = 0;
    this.#owned = noTasks;
    this.#told = undefined;
    this.target = undefined;
    this.#tell();
  }

  #refused(error: unknown): unknown {
    const { groupId } = this.#options;
    const isUnknown =
      error instanceof KafkaError
        ? error.code === "UNSUPPORTED_VERSION"
        : error instanceof ClusterError && error.code === "UNSUPPORTED_BY_CLUSTER";
    if (isUnknown) return streamsGroupsNotServed(groupId, error);
    // Who joins is told so of a group that is there, and of another kind.
    const ofOthers: readonly ErrorName[] = this.#memberEpoch === 0 ? ["GROUP_ID_NOT_FOUND"] : [];
    const refusal = groupRefusal(groupId, error, ofOthers);
    const told = clusterErrorOf(refusal, error);
    if (!(told instanceof KafkaError)) return told;
    const text = `${refusal}: ${told.message}${this.#isOfTopology(told) ? otherTopology : ""}`;
    return new ClusterError("GROUP_REFUSED", text, { cause: error });
  }

  /** Brokers say so by a text alone. */
  #isOfTopology({ code, message }: KafkaError): boolean {
    return this.#memberEpoch === 0 && code === "INVALID_REQUEST" && /topology/i.test(message);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Never rejects: its session ends by itself, and others take over then. */
  async #leave(timeoutMs: number): Promise<void> {
    const { platform } = this.#context;
    const timeout = signalAfter(platform, timeoutMs, () => new Error("leaving takes too long"));
    try {
      const beat = beatStreamsGroup({
        context: this.#context,
        lane: this.#lane,
        options: this.#options,
        memberEpoch: leaveEpoch,
        endpointInformationEpoch: this.#endpointEpoch,
        owned: undefined,
        mayHaveMissed: false,
        endsApplication: false,
      });
      await abortable(beat, timeout.signal);
    } catch (error) {
      const { groupId } = this.#options;
      platform.logger.log("info", "client.leave-group-failed", { groupId, cause: String(error) });
    } finally {
      timeout.cancel();
    }
  }

  #noMember(): ClusterError {
    return new ClusterError(
      "COMMIT_FENCED",
      `this member is none of group ${this.#options.groupId} any more; what it had may be another's`,
    );
  }
}

type ToldEndpoint = NonNullable<StreamsGroupHeartbeatResponse["partitionsByUserEndpoint"]>[number];

function endpointOf(told: ToldEndpoint): StreamsEndpoint {
  const partitions = (topics: ToldEndpoint["activePartitions"]): readonly TopicPartition[] =>
    topics.flatMap((one) => one.partitions.map((partition) => ({ topic: one.topic, partition })));
  return {
    ...told.userEndpoint,
    active: partitions(told.activePartitions),
    standby: partitions(told.standbyPartitions),
  };
}

function isForgetting(error: unknown): boolean {
  if (!(error instanceof KafkaError)) return false;
  return error.code === "FENCED_MEMBER_EPOCH" || error.code === "UNKNOWN_MEMBER_ID";
}

function isStale(error: unknown): boolean {
  if (error instanceof ClusterError) return error.code === "COMMIT_FENCED";
  return error instanceof KafkaError && error.code === "STALE_MEMBER_EPOCH";
}
