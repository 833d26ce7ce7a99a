import type { Clock, Platform, Random } from "@millrace/platform";
import { SeldomLine } from "../seldom-line.ts";
import { FetchSession } from "./fetch-session.ts";

/** A session that was used since is not given up for another. */
const evictionMsMin = 120_000;
/** Partitions of all sessions together: a request may name tens of thousands, and they stay in memory. */
const partitionsMaxDefault = 500_000;

/** All sessions of a broker, at most `max.incremental.fetch.session.cache.slots` (Kafka: `FetchSessionCache`). */
export class FetchSessions {
  readonly #slots: number;
  readonly #partitionsMax: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #full: SeldomLine;
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>();

  constructor(slots: number, platform: Platform, partitionsMax = partitionsMaxDefault) {
    this.#slots = slots;
    this.#partitionsMax = partitionsMax;
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

  /** Whether sessions may have so many more partitions. */
  hasRoomFor(partitionCount: number): boolean {
    let count = partitionCount;
    for (const session of this.#sessions.values()) count += session.size;
    return count <= this.#partitionsMax;
  }

  /** Undefined: all slots are in use, or there are too many partitions; the client goes on without a session. */
  create(usesIds: boolean, partitionCount: number): FetchSession | undefined {
    const nowMs = this.#clock.monotonicMs();
    while (this.#sessions.size >= this.#slots || !this.hasRoomFor(partitionCount)) {
      if (partitionCount <= this.#partitionsMax && this.#evict(nowMs)) continue;
      if (this.#slots > 0) this.#full.tell({ slots: this.#slots, partitionCount });
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
