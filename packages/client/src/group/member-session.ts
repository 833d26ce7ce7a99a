import type { Timer } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import { heartbeatApi } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BackgroundWork } from "../connection/background-work.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import type { GroupSettings } from "./group-protocol.ts";
import { askedNow, type Asked } from "./asked.ts";
import type { Seat } from "./join-group.ts";

export interface MemberSessionParts {
  readonly context: ClientContext;
  readonly options: GroupSettings;
  readonly lane: BrokerLane;
  /** Owns the heartbeats. */
  readonly background: BackgroundWork;
  /** Called when the group asks its members to join again; the session goes on. */
  readonly onRebalance: () => void;
  /** Called when the session is over: the coordinator says so, or (undefined) has not answered for its time. */
  readonly onEnd: (error: KafkaError | undefined) => void;
}

/** The session of a member at its coordinator: heartbeats keep it up until it is stopped, or over. */
export class MemberSession {
  /** See `GroupMembership`. */
  confirmedMs: number | undefined;
  readonly #parts: MemberSessionParts;
  readonly #timeoutMs: number;
  /** Undefined: there is no session. What comes for another one is too late. */
  #seat: Seat | undefined;
  #isJoining = false;
  /** Whose heartbeat is under way. */
  #asking: Seat | undefined;
  #heartbeat: Timer | undefined;
  /** Ends the session, whatever is under way then. */
  #end: Timer | undefined;

  constructor(parts: MemberSessionParts) {
    this.#parts = parts;
    this.#timeoutMs = parts.options.sessionTimeoutMs ?? 45_000;
  }

  begin(seat: Seat): void {
    this.stop();
    this.#seat = seat;
    this.#extend(seat.asked);
    this.#schedule(seat);
  }

  /** The member joins again and keeps its partitions meanwhile: its session goes on. */
  beginJoin(): void {
    this.#isJoining = true;
  }

  /** The group has begun a generation with the member. */
  joined(joined: Pick<Seat, "memberId" | "generationId">): void {
    if (this.#seat === undefined || !this.#isJoining) return;
    this.#seat = { ...this.#seat, ...joined };
    this.#heartbeat?.cancel();
    this.#schedule(this.#seat);
  }

  /** Asks what the next heartbeat would, unless one is under way. */
  hear(): void {
    const { background } = this.#parts;
    if (this.#seat === undefined || this.#isJoining || this.#asking === this.#seat) return;
    this.#heartbeat?.cancel();
    background.begin(this.#beat(this.#seat));
  }

  stop(): void {
    this.#isJoining = false;
    this.#seat = undefined;
    this.#heartbeat?.cancel();
    this.#end?.cancel();
  }

  #schedule(seat: Seat): void {
    const { context, options, background } = this.#parts;
    this.#heartbeat = context.platform.timers.after(options.heartbeatIntervalMs ?? 3000, () =>
      background.begin(this.#beat(seat)),
    );
  }

  /** Never rejects: what fails is tried again until the session is over. */
  async #beat(seat: Seat): Promise<void> {
    const { context, options } = this.#parts;
    this.#asking = seat;
    try {
      await this.#ask(seat);
    } catch (error) {
      // Told by the next one if it lasts: a session without an answer is over.
      context.coordinators.forgetAfter("group", options.groupId, error);
    } finally {
      if (this.#asking === seat) this.#asking = undefined;
    }
    if (seat === this.#seat) this.#schedule(seat);
  }

  async #ask(seat: Seat): Promise<void> {
    const { context, options, lane, onRebalance } = this.#parts;
    const { groupId, groupInstanceId = null } = options;
    const { generationId, memberId } = seat;
    const nodeId = await context.coordinators.find("group", groupId);
    const asked = askedNow(context.platform.clock);
    const { errorCode } = await lane.link(nodeId).call({
      api: heartbeatApi,
      timeoutMs: this.#timeoutMs,
      body: (version) => ({
        groupId,
        generationId,
        memberId,
        ...(version >= 3 ? { groupInstanceId } : {}),
      }),
    });
    if (seat !== this.#seat) return;
    const error = errorCode === 0 ? undefined : KafkaError.of(errorCode);
    switch (error?.code) {
      case undefined:
        this.#extend(asked);
        return;
      case "REBALANCE_IN_PROGRESS":
        this.#extend(asked);
        onRebalance();
        return;
      case "ILLEGAL_GENERATION":
        // The next generation has begun, and the answer to the join is under way.
        if (!this.#isJoining) this.#over(error);
        return;
      case "UNKNOWN_MEMBER_ID":
      case "FENCED_INSTANCE_ID":
        this.#over(error);
        return;
      default:
        throw error;
    }
  }

  /** The coordinator heard of this member after it was asked, at the earliest. */
  #extend({ monotonicMs, wallMs }: Asked): void {
    const { clock, timers } = this.#parts.context.platform;
    this.confirmedMs = wallMs;
    this.#end?.cancel();
    const leftMs = monotonicMs + this.#timeoutMs - clock.monotonicMs();
    this.#end = timers.after(Math.max(0, leftMs), () => this.#over(undefined));
  }

  #over(error: KafkaError | undefined): void {
    this.stop();
    this.#parts.onEnd(error);
  }
}
