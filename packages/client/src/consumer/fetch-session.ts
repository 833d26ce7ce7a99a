import type { FetchPartition } from "./fetch-partition.ts";

/** What a broker remembers of a partition in a session: only changes are sent again. */
interface Remembered {
  readonly topic: string;
  readonly topicId: string | undefined;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly leaderEpoch: number;
  readonly lastFetchedEpoch: number;
}

export interface WantedPartition {
  readonly fetch: FetchPartition;
  readonly leaderEpoch: number;
}

/** What the next request of a session says. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly changed: readonly WantedPartition[];
  readonly forgotten: readonly {
    readonly topic: string;
    readonly topicId: string | undefined;
    readonly partition: number;
  }[];
}

const noSession = 0;
const firstEpoch = 0;

/**
 * An incremental fetch session with one broker (KIP-227): the first request names all partitions, later
 * ones only what has changed. Whenever the two sides may disagree it begins anew.
 */
export class FetchSession {
  #sessionId = noSession;
  #epoch = firstEpoch;
  #usesIds = false;
  readonly #remembered = new Map<string, Remembered>();

  /** The request for exactly these partitions. */
  next(wanted: readonly WantedPartition[], usesIds: boolean): SessionRequest {
    // A session goes by names or by ids, for its whole life.
    if (usesIds !== this.#usesIds && this.#epoch !== firstEpoch) this.reset();
    this.#usesIds = usesIds;
    const changed: WantedPartition[] = [];
    const names = new Set<string>();
    for (const one of wanted) {
      const { fetch, leaderEpoch } = one;
      names.add(fetch.name);
      const before = this.#remembered.get(fetch.name);
      if (
        before !== undefined &&
        before.fetchOffset === fetch.fetchOffset &&
        before.leaderEpoch === leaderEpoch &&
        before.lastFetchedEpoch === fetch.lastFetchedEpoch &&
        before.topicId === fetch.topicId
      )
        continue;
      changed.push(one);
    }
    const forgotten = [...this.#remembered].filter(([name]) => !names.has(name));
    for (const [name] of forgotten) this.#remembered.delete(name);
    for (const { fetch, leaderEpoch } of changed) {
      const { topic, topicId, partition, fetchOffset, lastFetchedEpoch } = fetch;
      this.#remembered.set(fetch.name, {
        topic,
        topicId,
        partition,
        fetchOffset,
        leaderEpoch,
        lastFetchedEpoch,
      });
    }
    return {
      sessionId: this.#sessionId,
      sessionEpoch: this.#epoch,
      changed,
      forgotten: forgotten.map(([, { topic, topicId, partition }]) => ({
        topic,
        topicId,
        partition,
      })),
    };
  }

  /** Goes on with what the broker answered; id 0: it keeps no session, and wants all named each time. */
  answered(sessionId: number): void {
    if (sessionId === noSession) {
      this.reset();
      this.#sessionId = noSession;
      return;
    }
    this.#sessionId = sessionId;
    this.#epoch = this.#epoch === 0x7fffffff ? 1 : this.#epoch + 1;
  }

  /** Begins anew; the broker drops the old session when it is named with epoch 0. */
  reset(): void {
    this.#epoch = firstEpoch;
    this.#remembered.clear();
  }

  /** The broker no longer knows it. */
  forget(): void {
    this.reset();
    this.#sessionId = noSession;
  }
}
