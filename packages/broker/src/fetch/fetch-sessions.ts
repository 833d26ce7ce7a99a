import type { Clock, Platform, Random } from "@millrace/platform";
import { SeldomLine } from "../seldom-line.ts";
import { FetchSession } from "./fetch-session.ts";

/** A session that was used since is not given up for another. */
const evictionMsMin = 120_000;

/** All sessions of a broker, at most `max.incremental.fetch.session.cache.slots` (Kafka: `FetchSessionCache`). */
export class FetchSessions {
  readonly #slots: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #full: SeldomLine;
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>();

  constructor(slots: number, platform: Platform) {
    this.#slots = slots;
    this.#clock = platform.clock;
    this.#random = platform.random;
    this.#full = new SeldomLine(platform, "warn", "broker.fetch-sessions-full");
  }

  get size(): number {
    return this.#sessions.size;
  }

  find(id: number): FetchSession | undefined {
    return this.#sessions.get(id);
  }

  remove(id: number): void {
    this.#sessions.delete(id);
  }

  /** Undefined: all slots are in use; the client goes on without a session. */
  create(usesIds: boolean): FetchSession | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (this.#sessions.size >= this.#slots && !this.#evict(nowMs)) {
      if (this.#slots > 0) this.#full.tell({ slots: this.#slots });
      return undefined;
    }
    const session = new FetchSession(this.#newId(), usesIds, nowMs);
    this.#sessions.set(session.id, session);
    return session;
  }

  touch(session: FetchSession): void {
    session.usedMs = this.#clock.monotonicMs();
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  #evict(nowMs: number): boolean {
    for (const oldest of this.#sessions.values()) {
      if (nowMs - oldest.usedMs < evictionMsMin) return false;
      this.#sessions.delete(oldest.id);
      return true;
    }
    return false;
  }

  #newId(): number {
    for (;;) {
      const id = this.#random.nextUint32() >>> 1;
      if (id !== 0 && !this.#sessions.has(id)) return id;
    }
  }
}
