import { type ShareSession } from "./share-session.ts";

/** Partitions of all sessions together: a request may name tens of thousands, and they stay in memory. */
const placesMaxDefault = 200_000;

interface Entry {
  readonly session: ShareSession;
  /** It goes with its connection no more. */
  readonly detach: () => void;
}

/** Sessions of all members, each bound to a connection (Kafka: `ShareSessionCache`). */
export class ShareSessions {
  readonly #sessionsMax: number;
  readonly #placesMax: number;
  readonly #entries = new Map<string, Entry>();
  /** By group, how many there are. */
  readonly #counts = new Map<string, number>();
  readonly #onLost: (session: ShareSession) => void;

  /** @param onLost told of a session whose connection was closed */
  constructor(
    sessionsMax: number,
    onLost: (session: ShareSession) => void,
    placesMax = placesMaxDefault,
  ) {
    this.#sessionsMax = sessionsMax;
    this.#placesMax = placesMax;
    this.#onLost = onLost;
  }

  get size(): number {
    return this.#entries.size;
  }

  hasGroup(groupId: string): boolean {
    return this.#counts.has(groupId);
  }

  get(groupId: string, memberId: string): ShareSession | undefined {
    return this.#entries.get(keyOf(groupId, memberId))?.session;
  }

  /** Whether sessions may have so many more partitions. */
  hasRoomFor(placeCount: number): boolean {
    let count = placeCount;
    for (const { session } of this.#entries.values()) count += session.places.size;
    return count <= this.#placesMax;
  }

  /** False: there are as many as there may be, of them or of their partitions. */
  add(session: ShareSession, signal: AbortSignal): boolean {
    if (this.#entries.size >= this.#sessionsMax) return false;
    if (!this.hasRoomFor(session.places.size)) return false;
    const { groupId, memberId } = session;
    const lost = () => {
      this.remove(groupId, memberId);
      this.#onLost(session);
    };
    signal.addEventListener("abort", lost, { once: true });
    const detach = () => signal.removeEventListener("abort", lost);
    this.#entries.set(keyOf(groupId, memberId), { session, detach });
    this.#counts.set(groupId, (this.#counts.get(groupId) ?? 0) + 1);
    return true;
  }

  remove(groupId: string, memberId: string): ShareSession | undefined {
    const key = keyOf(groupId, memberId);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.detach();
    this.#entries.delete(key);
    const count = (this.#counts.get(groupId) ?? 1) - 1;
    if (count === 0) this.#counts.delete(groupId);
    else this.#counts.set(groupId, count);
    return entry.session;
  }
}

/** Ids are free texts: the length keeps them apart. */
function keyOf(groupId: string, memberId: string): string {
  return `${groupId.length} ${groupId} ${memberId}`;
}
