import type { GroupMembershipOptions } from "@millrace/cluster";
import type { Timer } from "@millrace/platform";

import type { KafkajsContext } from "../kafkajs-context.ts";
import { kafkajsFailureOf } from "../link/kafkajs-failure.ts";
import type { KafkajsLink } from "../link/kafkajs-link.ts";
import { groupCallsOf } from "./group-calls.ts";
import type { Seat } from "./join.ts";

export interface SessionParts {
  readonly context: KafkajsContext;
  readonly options: GroupMembershipOptions;
  readonly link: KafkajsLink;
  /** The group asks its members to join again; the session goes on. */
  readonly onRebalance: () => void;
  /** The session is over; `isUnknown`: the group does not know the member id any more. */
  readonly onEnd: (end: { readonly isUnknown: boolean }) => void;
}

/** Heartbeats of one seat, until it is stopped or the coordinator has not answered for a session's time. */
export class Session {
  /** See `GroupMembership`. */
  confirmedMs: number | undefined;
  readonly #parts: SessionParts;
  #seat: Seat | undefined;
  #heartbeat: Timer | undefined;
  #end: Timer | undefined;
  #beating: Promise<void> = Promise.resolve();
  /** Whose heartbeat is under way. */
  #asking: Seat | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  begin(seat: Seat): void {
    this.stop();
    this.#seat = seat;
    this.#extend(seat.askedMs, seat.askedWallMs);
    this.#schedule(seat);
  }

  /** Asks what the next heartbeat would, unless one is under way. */
  hear(): void {
    if (this.#seat === undefined || this.#asking === this.#seat) return;
    this.#heartbeat?.cancel();
    this.#beating = this.#beat(this.#seat);
  }

  stop(): void {
    this.#seat = undefined;
    this.#heartbeat?.cancel();
    this.#end?.cancel();
  }

  async close(): Promise<void> {
    this.stop();
    await this.#beating;
  }

  #wallMs(): number {
    return this.#parts.context.platform.clock.wallMs();
  }

  #nowMs(): number {
    return this.#parts.context.platform.clock.monotonicMs();
  }

  #schedule(seat: Seat): void {
    const { context, options } = this.#parts;
    this.#heartbeat = context.platform.timers.after(options.heartbeatIntervalMs ?? 3000, () => {
      this.#beating = this.#beat(seat);
    });
  }

  /** Never rejects: what may pass is tried again until the session is over. */
  async #beat(seat: Seat): Promise<void> {
    const { link, options, onRebalance } = this.#parts;
    const { groupId } = options;
    const { memberId, generationId } = seat;
    const askedMs = this.#nowMs();
    const askedWallMs = this.#wallMs();
    this.#asking = seat;
    try {
      await link.through(async (ready) => {
        const coordinator = groupCallsOf(await ready.coordinator(groupId));
        await coordinator.heartbeat({ groupId, memberId, groupGenerationId: generationId });
      });
      if (seat === this.#seat) this.#extend(askedMs, askedWallMs);
    } catch (error) {
      if (seat !== this.#seat) return;
      const { type } = kafkajsFailureOf(error);
      if (type === "REBALANCE_IN_PROGRESS") {
        this.#extend(askedMs, askedWallMs);
        onRebalance();
      } else if (type === "UNKNOWN_MEMBER_ID" || type === "ILLEGAL_GENERATION") {
        this.#over({ isUnknown: type === "UNKNOWN_MEMBER_ID" });
      }
    } finally {
      if (this.#asking === seat) this.#asking = undefined;
    }
    if (seat === this.#seat) this.#schedule(seat);
  }

  #extend(askedMs: number, askedWallMs: number): void {
    this.confirmedMs = askedWallMs;
    const { context, options } = this.#parts;
    this.#end?.cancel();
    const leftMs = askedMs + (options.sessionTimeoutMs ?? 45_000) - this.#nowMs();
    this.#end = context.platform.timers.after(Math.max(0, leftMs), () =>
      this.#over({ isUnknown: false }),
    );
  }

  #over(end: { readonly isUnknown: boolean }): void {
    this.stop();
    this.#parts.onEnd(end);
  }
}
