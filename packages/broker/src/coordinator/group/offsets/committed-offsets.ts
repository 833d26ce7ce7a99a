import type { TransactionResult } from "../../coordinator-log.ts";
import { OffsetTable, type OffsetPlace } from "./offset-table.ts";

/** What was committed for one partition (Kafka: `OffsetCommitValue`). */
export interface CommittedOffset {
  readonly offset: number;
  /** -1: none. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestamp: number;
  /** -1: by the broker's retention. */
  readonly expireTimestamp: number;
  readonly topicId: string;
}

/**
 * A commit, and where it stands in the log: the newer one wins, whether in a transaction or not.
 */
interface LoggedOffset {
  readonly recordOffset: number;
  readonly committed: CommittedOffset;
}

/**
 * Committed offsets of all groups of a shard: a fold over offset records and markers.
 *
 *     plain commit ──────────────────────────▶ committed
 *     commit in a transaction ──▶ pending ──┬─▶ committed    commit marker; a newer one stays
 *                                           └─▶ gone         abort marker
 */
export class CommittedOffsets {
  readonly #committed = new OffsetTable<LoggedOffset>();
  readonly #pendingByProducer = new Map<number, OffsetTable<LoggedOffset>>();
  /** Producers with an open transaction that commits the partition. */
  readonly #openProducers = new OffsetTable<Set<number>>();

  get(place: OffsetPlace): CommittedOffset | undefined {
    return this.#committed.get(place)?.committed;
  }

  /** A transaction that commits this partition is not decided yet. */
  isPending(place: OffsetPlace): boolean {
    return this.#openProducers.get(place) !== undefined;
  }

  hasPending(groupId: string): boolean {
    return this.#openProducers.hasGroup(groupId);
  }

  /** Partitions with a commit, in the order of their first ones. */
  placesOf(groupId: string): readonly OffsetPlace[] {
    return this.#committed.placesOf(groupId);
  }

  /** Partitions with a commit, or with one that is pending. */
  allPlacesOf(groupId: string): readonly OffsetPlace[] {
    const pending = this.#openProducers
      .placesOf(groupId)
      .filter((place) => this.get(place) === undefined);
    return [...this.placesOf(groupId), ...pending];
  }

  /** Of all groups, partitions of a topic with a commit, or with one that is pending. */
  placesOfTopic(topic: string): readonly OffsetPlace[] {
    const pending = this.#openProducers
      .places()
      .filter((place) => this.#committed.get(place) === undefined);
    return [...this.#committed.places(), ...pending].filter((place) => place.topic === topic);
  }

  /** All that is committed. */
  all(): readonly (OffsetPlace & CommittedOffset)[] {
    return this.#committed.places().flatMap((place) => {
      const committed = this.get(place);
      return committed === undefined ? [] : [{ ...place, ...committed }];
    });
  }

  commit(place: OffsetPlace, recordOffset: number, committed: CommittedOffset): void {
    this.#committed.set(place, { recordOffset, committed });
  }

  commitPending(
    place: OffsetPlace,
    recordOffset: number,
    pending: { readonly producerId: number; readonly committed: CommittedOffset },
  ): void {
    const { producerId, committed } = pending;
    let table = this.#pendingByProducer.get(producerId);
    if (table === undefined) this.#pendingByProducer.set(producerId, (table = new OffsetTable()));
    table.set(place, { recordOffset, committed });
    let open = this.#openProducers.get(place);
    if (open === undefined) this.#openProducers.set(place, (open = new Set()));
    open.add(producerId);
  }

  /** A tombstone: forgets what is committed and what is pending. */
  delete(place: OffsetPlace): void {
    this.#committed.delete(place);
    for (const producerId of this.#openProducers.get(place) ?? [])
      this.#pendingByProducer.get(producerId)?.delete(place);
    this.#openProducers.delete(place);
  }

  decide(producerId: number, result: TransactionResult): void {
    const pending = this.#pendingByProducer.get(producerId);
    if (pending === undefined) return;
    this.#pendingByProducer.delete(producerId);
    for (const place of pending.places()) {
      const open = this.#openProducers.get(place);
      open?.delete(producerId);
      if (open?.size === 0) this.#openProducers.delete(place);
      const decided = pending.get(place);
      const known = this.#committed.get(place);
      const isNewer = known === undefined || (decided?.recordOffset ?? -1) > known.recordOffset;
      if (result === "commit" && decided !== undefined && isNewer)
        this.#committed.set(place, decided);
    }
  }
}
