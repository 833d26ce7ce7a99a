import type { GroupSeat, KafkaClient } from "@millrace/client";
import { BaseError } from "@millrace/model";
import { abortable, JoinedSignal, type Platform } from "@millrace/platform";

import { RegistryError } from "../registry-error.ts";
import type { ForwardableRequest, Leadership } from "../rest/registry-app.ts";
import { chooseLeader } from "./choose-leader.ts";
import { forwardHeader, forwardRequest } from "./forward-request.ts";
import { decodeLeader, encodeIdentity, urlOf, type MemberIdentity } from "./member-identity.ts";
import { WriteTurns } from "./write-turns.ts";

export interface GroupLeadershipParts {
  readonly platform: Platform;
  readonly client: KafkaClient;
  readonly groupId: string;
  /** Undefined: no static member. */
  readonly groupInstanceId: string | undefined;
  readonly identity: Omit<MemberIdentity, "isLeader">;
  readonly sessionTimeoutMs: number;
  /** How long a change may wait for its turn, or for the leader. */
  readonly timeoutMs: number;
  /** Makes this member fit to lead: what was written before is in its state. */
  takeOver(): Promise<void>;
  /** All that was in the topic when it was asked is in the state. */
  readToEnd(): Promise<void>;
}

const retryMs = 500;

/**
 * Who may write, by the group protocol of Confluent's registries.
 *
 * ```
 *  outside ──join──> follower <──join──> leader     a join has a turn among the writes: none is under way meanwhile
 *     ^─────────────────┴──session over────┘        then nothing is written before the next join
 * ```
 */
export class GroupLeadership implements Leadership {
  /** Resolves with the first join; rejects where the group refuses this member. */
  readonly joined: Promise<void>;
  readonly #parts: GroupLeadershipParts;
  readonly #seat: GroupSeat;
  readonly #turns = new WriteTurns();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #leader: MemberIdentity | undefined;
  #isLeader = false;
  #mayHaveSeatOfOther: boolean;
  #wake: () => void = () => {};

  constructor(parts: GroupLeadershipParts) {
    this.#parts = parts;
    this.#mayHaveSeatOfOther = parts.groupInstanceId !== undefined;
    const { client, groupId, groupInstanceId, identity, sessionTimeoutMs } = parts;
    this.#seat = client.openGroupSeat({
      groupId,
      ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
      protocolType: "sr",
      protocolName: "v0",
      metadata: () => encodeIdentity({ ...identity, isLeader: this.#isLeader }),
      assign: chooseLeader,
      sessionTimeoutMs,
      heartbeatIntervalMs: Math.max(50, Math.floor(sessionTimeoutMs / 3)),
      rebalanceTimeoutMs: sessionTimeoutMs * 3,
    });
    this.#seat.onChange(() => this.#wake());
    const joined = Promise.withResolvers<void>();
    this.joined = joined.promise;
    joined.promise.catch(() => {}); // told to who waits for it
    this.#running = this.#run(joined);
  }

  get isLeader(): boolean {
    return this.#isLeader && this.#seat.isMember;
  }

  async change(request: ForwardableRequest, work: () => Promise<Response>): Promise<Response> {
    const { platform, timeoutMs } = this.#parts;
    const given = new AbortController();
    const timer = platform.timers.after(timeoutMs, () => given.abort(this.#unknownLeader()));
    try {
      using ends = new JoinedSignal(given.signal, this.#closing.signal);
      const { signal } = ends;
      return await this.#turnOf(request, work, { signal, onBegun: () => timer.cancel() });
    } finally {
      timer.cancel();
    }
  }

  /** Work of the leader that nobody asked for; nothing where this member does not lead when its turn comes. */
  maintain(work: () => Promise<void>): Promise<void> {
    return this.#turns.take(async () => {
      if (this.isLeader) await work();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort(new RegistryError("LEADER_UNKNOWN", "this registry is closed"));
    this.#wake();
    await this.#running;
    await this.#turns.take(async () => {}).catch(() => {}); // what was begun is over
    await this.#seat.close();
  }

  async #turnOf(
    request: ForwardableRequest,
    work: () => Promise<Response>,
    { signal, onBegun }: { readonly signal: AbortSignal; readonly onBegun: () => void },
  ): Promise<Response> {
    const leaderUrl = this.#urlOfOther();
    if (leaderUrl !== undefined) return this.#forward(leaderUrl, request, signal);
    const turn = this.#turns.take(async () => {
      signal.throwIfAborted();
      if (!this.isLeader) return undefined;
      onBegun();
      return work();
    });
    const answer = await abortable(turn, signal);
    if (answer !== undefined) return answer;
    // The leader has changed while it waited.
    const other = this.#urlOfOther();
    if (other === undefined) throw this.#unknownLeader();
    return this.#forward(other, request, signal);
  }

  /** Undefined: this member leads, or nobody is known to. */
  #urlOfOther(): string | undefined {
    if (this.#isLeader || this.#leader === undefined) return undefined;
    return urlOf(this.#leader);
  }

  async #forward(
    leaderUrl: string,
    request: ForwardableRequest,
    signal: AbortSignal,
  ): Promise<Response> {
    if (request.headers.get(forwardHeader) !== null) throw this.#unknownLeader();
    const answer = await forwardRequest(leaderUrl, request, signal);
    // Who has written here reads it here.
    if (answer.ok) await this.#parts.readToEnd();
    return answer;
  }

  #unknownLeader(): RegistryError {
    return new RegistryError(
      "LEADER_UNKNOWN",
      "no registry of the group leads at the moment; is the broker there? Try again",
    );
  }

  async #run(joined: Pick<PromiseWithResolvers<void>, "resolve" | "reject">): Promise<void> {
    const signal = this.#closing.signal;
    const { platform, groupId } = this.#parts;
    let isTold = false;
    while (!signal.aborted) {
      try {
        if (this.#seat.failure !== undefined) throw this.#seat.failure;
        if (!this.#seat.isMember) this.#resign();
        await this.#turns.take(() => this.#join(signal));
        joined.resolve();
        isTold = false;
        await this.#changed();
      } catch (error) {
        if (signal.aborted) return;
        this.#resign();
        // The group will never take it: a start is over, while one that runs goes on trying.
        if (error instanceof BaseError && !error.retriable) joined.reject(error);
        if (!isTold)
          platform.logger.log("warn", "schema-registry-server.group-unreachable", {
            groupId,
            cause: String(error),
          });
        isTold = true;
        await platform.timers.sleep(retryMs, signal).catch(() => {}); // closed
      }
    }
  }

  async #join(signal: AbortSignal): Promise<void> {
    const { platform, identity, groupId, takeOver } = this.#parts;
    const ownUrl = urlOf({ ...identity, isLeader: true });
    let told = decodeLeader(await this.#seat.join(signal));
    if (this.#mayHaveSeatOfOther && (told.leader === undefined || urlOf(told.leader) !== ownUrl)) {
      // Who takes a seat without a rebalance is told what was told to the one before, who was elsewhere.
      this.#seat.requestRejoin("the one who had this seat before has ended");
      told = decodeLeader(await this.#seat.join(signal));
    }
    this.#mayHaveSeatOfOther = false;
    const { leader, hasTwins } = told;
    const url = leader === undefined ? undefined : urlOf(leader);
    const isLeader = url === ownUrl;
    if (hasTwins)
      platform.logger.log("error", "schema-registry-server.twin-urls", {
        groupId,
        advice: "two registries have one URL; give each an advertisedHost or a port of its own",
      });
    // It goes on leading without a break where it led before: nobody else has written.
    if (isLeader && !this.#isLeader) await takeOver();
    this.#leader = leader;
    this.#isLeader = isLeader && !hasTwins;
    platform.logger.log("info", "schema-registry-server.leader", {
      groupId,
      leader: url,
      isLeader,
    });
  }

  #resign(): void {
    this.#isLeader = false;
    this.#leader = undefined;
  }

  /** Until the group wants this member to join again. */
  async #changed(): Promise<void> {
    while (!this.#closing.signal.aborted && !this.#seat.needsJoin) {
      if (this.#seat.failure !== undefined) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#seat.needsJoin || this.#closing.signal.aborted) resolve();
      });
    }
  }
}
