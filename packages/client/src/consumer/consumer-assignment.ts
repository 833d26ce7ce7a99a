import { ClusterError, type OffsetAndMetadata } from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import type { WaitBounds } from "@millrace/serde";
import { BatchesAtHand, isSame, nameOf } from "./batches-at-hand.ts";
import type { ClusterFetcher } from "./cluster-fetcher.ts";
import { ConsumedOffsets } from "./consumed-offsets.ts";
import type { Position } from "./consumer-positions.ts";
import type { ConsumerRecord, RecordDecoder } from "./record-decoder.ts";

/** The partitions that a consumer reads, and how far it is in each (Kafka: `SubscriptionState`). */
export class ConsumerAssignment<Key, Value> {
  readonly #fetcher: ClusterFetcher;
  readonly #atHand: BatchesAtHand<Key, Value>;
  readonly #offsets = new ConsumedOffsets();
  #partitions: readonly TopicPartition[] = [];

  constructor(fetcher: ClusterFetcher, decoder: RecordDecoder<Key, Value>, bounds: WaitBounds) {
    this.#fetcher = fetcher;
    // What a partition that waits would fetch on takes the others' room.
    this.#atHand = new BatchesAtHand(decoder, bounds, (partition, isHeld) => {
      if (isHeld) fetcher.pause(partition);
      else if (!this.#atHand.isPaused(partition)) fetcher.resume(partition);
    });
  }

  get partitions(): readonly TopicPartition[] {
    return this.#partitions;
  }

  has(partition: TopicPartition): boolean {
    return this.#partitions.some((one) => isSame(one, partition));
  }

  /**
   * Takes partitions beside those that it has.
   *
   * @param starts where they are read from; one without is not read
   * @param committed what the group has of them
   */
  begin(
    partitions: readonly TopicPartition[],
    starts: readonly Position[],
    committed: readonly Position[],
  ): void {
    const known = new Map(committed.map((one) => [nameOf(one), one.offset]));
    for (const one of starts)
      this.#offsets.begin(one, {
        position: one.offset,
        committed: known.get(nameOf(one)) ?? -1,
      });
    this.#partitions = [...this.#partitions, ...partitions];
    this.#fetcher.assign(starts);
    for (const one of starts) if (this.#atHand.isPaused(one)) this.#fetcher.pause(one);
  }

  /** Gives partitions up. */
  revoke(partitions: readonly TopicPartition[]): void {
    const names = new Set(partitions.map(nameOf));
    const isRevoked = (one: TopicPartition) => names.has(nameOf(one));
    this.#atHand.drop(isRevoked);
    this.#fetcher.unassign(partitions);
    this.#partitions = this.#partitions.filter((one) => !isRevoked(one));
    this.#offsets.revoke(partitions);
  }

  /** Partitions whose offsets the program was told to commit by itself, and may not have committed. */
  unconfirmed(): readonly TopicPartition[] {
    return this.#offsets.unconfirmed();
  }

  /** What the group has of those: where a transaction was refused, reading goes on from there. */
  confirm(committed: readonly Position[]): void {
    this.settle();
    for (const position of this.#offsets.confirm(committed)) this.moveTo(position);
  }

  /** The partition is gone; should it come again it is another one. */
  forget(partition: TopicPartition): void {
    this.#atHand.resume(partition);
    this.#atHand.drop((one) => isSame(one, partition));
    this.#partitions = this.#partitions.filter((one) => !isSame(one, partition));
    this.#offsets.forget(partition);
    this.#fetcher.unassign([partition]);
  }

  moveTo(position: Position): void {
    // It may have been given up while its offset was looked for.
    if (!this.has(position)) return;
    this.#atHand.drop((one) => isSame(one, position));
    this.#offsets.move(position, position.offset);
    this.#fetcher.assign([position]);
  }

  pause(partition: TopicPartition): void {
    this.#atHand.pause(partition);
    this.#fetcher.pause(partition);
  }

  /** Whether it was paused. */
  resume(partition: TopicPartition): boolean {
    this.#fetcher.resume(partition);
    return this.#atHand.resume(partition);
  }

  /** Takes what has come by now; false: nothing. */
  take(): boolean {
    const batches = this.#fetcher.take();
    this.#atHand.add(batches);
    return batches.length > 0;
  }

  /** The next record that is there, of which those before are done. */
  next(): ConsumerRecord<Key, Value> | undefined {
    return this.#atHand.next(this.#markDone);
  }

  /** The record that was given last is done. */
  settle(): void {
    this.#atHand.settle(this.#markGiven);
  }

  /** Gives back all that is at hand. */
  drop(): void {
    this.#atHand.drop(() => true);
  }

  /** What is processed and not committed yet, without the record at hand. */
  processed(): readonly OffsetAndMetadata[] {
    const busy = this.#atHand.names();
    for (const one of this.#partitions)
      if (!busy.has(nameOf(one))) this.#offsets.advance(one, this.#fetcher.position(one) ?? -1);
    return this.#offsets.uncommitted();
  }

  /** What is processed and not committed yet, with the record at hand. */
  uncommitted(): readonly OffsetAndMetadata[] {
    const processed = this.processed();
    const { record } = this.#atHand;
    if (record === undefined) return processed;
    const { topic, partition } = record;
    // Behind the last record that has come there may be ends of transactions, which are done as well.
    const offset = this.#atHand.hasMoreOf(record)
      ? record.offset + 1
      : Math.max(record.offset + 1, this.#fetcher.position(record) ?? 0);
    return [...processed.filter((one) => !isSame(one, record)), { topic, partition, offset }];
  }

  /**
   * The same, for a transaction that commits it.
   *
   * @throws ClusterError `COMMIT_FENCED`, once, where what an earlier assignment gave was not told
   */
  tellUncommitted(): readonly OffsetAndMetadata[] {
    if (this.#offsets.isFenced) throw this.#fence();
    const offsets = this.uncommitted();
    this.#offsets.tellAll(offsets);
    return offsets;
  }

  /** What is below these offsets is processed. */
  advance(offsets: readonly OffsetAndMetadata[]): void {
    for (const one of offsets) this.#offsets.advance(one, one.offset);
  }

  /** The group has these offsets. */
  committed(offsets: readonly OffsetAndMetadata[]): void {
    this.#offsets.committed(offsets);
  }

  /** Goes back behind the rebalance: the records that came since are of a transaction that is to be aborted, too. */
  #fence(): ClusterError {
    this.#offsets.isFenced = false;
    this.settle();
    for (const start of this.#offsets.untold()) this.moveTo(start);
    return new ClusterError(
      "COMMIT_FENCED",
      "the group was rebalanced since records were read whose offsets are not committed; abort the transaction, and " +
        "do not seek: reading goes on from what is committed",
      { retriable: true },
    );
  }

  readonly #markDone = (partition: TopicPartition, nextOffset: Offset): void => {
    this.#offsets.advance(partition, nextOffset);
  };

  readonly #markGiven = (partition: TopicPartition, nextOffset: Offset): void => {
    this.#offsets.give(partition, nextOffset);
  };
}
