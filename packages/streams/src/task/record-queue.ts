import { UnreadableBatchError } from "@millrace/cluster";
import type { Offset, RecordBatchView, Timestamp } from "@millrace/model";

import type { StreamRecord } from "../processor/stream-record.ts";
import type { SourceNode } from "../topology/topology-node.ts";
import { RecordReader, type QueueSurroundings } from "./record-reader.ts";

/**
 * The batches of one input partition, of which only the first record (the head) is looked at (Kafka:
 * `RecordQueue`). The head's views hold until `takeHead` was followed by `advance`.
 *
 * A record whose serde must first fetch something is held: there is no head until `resume` finds it there, or the bound
 * has passed, which makes it one that cannot be read.
 */
export class RecordQueue {
  readonly topic: string;
  readonly partition: number;
  readonly source: SourceNode;
  /** Highest timestamp taken; -1 before the first. */
  partitionTime: Timestamp = -1;
  head: StreamRecord | undefined = undefined;
  /**
   * True: all that came was left out. It stands in for a head until its turn comes, so that an input whose records
   * cannot be read does not make the others wait (Kafka: `CorruptedRecord`).
   */
  isSpent = false;
  headTimestamp: Timestamp = -1;
  headOffset: Offset = -1;
  /** Topic of the head: another than the queue's where that is a pattern. */
  headTopic: string;
  /** Offset after all that is done or was left out; -1 if nothing came yet. */
  position: Offset = -1;
  /** What was committed last, and what is being committed; -1 before the first. */
  committedOffset: Offset = -1;
  offeredOffset: Offset = -1;
  /** What the last commit that has ended was of; -1 before the first. */
  endedOffset: Offset = -1;
  /** True: records were done since the last commit. */
  hasMoved = false;
  /** Until when to wait for records of this empty queue, on the monotonic clock; -1: not waiting. */
  idleDeadlineMs = -1;
  readonly #reader: RecordReader;
  #batches: RecordBatchView[] = [];
  #first = 0;
  #isTaken = false;
  /** True: something was left out since the last head. */
  #hasLeftOut = false;

  constructor(
    source: SourceNode,
    partition: { readonly topic: string; readonly partition: number },
    surroundings: QueueSurroundings,
  ) {
    this.source = source;
    this.topic = partition.topic;
    this.headTopic = partition.topic;
    this.partition = partition.partition;
    this.#reader = new RecordReader(source, partition.partition, surroundings);
  }

  /** Records that wait, the head included. */
  get size(): number {
    let size = this.hasHead || this.isHeld ? 1 : 0;
    for (let index = this.#first; index < this.#batches.length; index++)
      size += this.#batches[index].remaining;
    return size;
  }

  /** Of the batches that wait, as they were sent. */
  get sizeBytes(): number {
    let bytes = 0;
    for (let index = this.#first; index < this.#batches.length; index++)
      bytes += this.#batches[index].sizeBytes;
    return bytes;
  }

  /** True: it has a turn to take. */
  get hasHead(): boolean {
    return this.head !== undefined || this.isSpent;
  }

  /** True: there is no head because its serde must first fetch something. */
  get isHeld(): boolean {
    return this.#reader.hold.isHeld;
  }

  /** Of the record that is held; -Infinity: it cannot be told, or -1 where none is held. */
  get heldTimestamp(): Timestamp {
    return this.#reader.hold.timestamp;
  }

  /** Of the record that waits for its turn, or its serde; undefined: none does. */
  get nextOffset(): Offset | undefined {
    return this.head === undefined ? this.#reader.hold.offset : this.headOffset;
  }

  /** Takes a batch over; it is released when its last record is done. */
  add(batch: RecordBatchView): void {
    this.#batches.push(batch);
    if (!this.hasHead && !this.isHeld) this.advance();
  }

  /**
   * Takes the head out of the queue; undefined where there was nothing but records that were left out. Its bytes
   * hold until `advance`, which says that it is done.
   */
  takeHead(): StreamRecord | undefined {
    this.isSpent = false;
    const head = this.head;
    if (head === undefined) return undefined;
    if (this.headTimestamp > this.partitionTime) this.partitionTime = this.headTimestamp;
    this.#isTaken = true;
    this.head = undefined;
    return head;
  }

  /** What was taken is to be taken again. */
  giveBack(head: StreamRecord): void {
    this.#isTaken = false;
    this.head = head;
  }

  /** What was taken is done: makes the next record that can be read the head; undefined if none is left. */
  advance(): void {
    if (this.#isTaken) {
      this.#isTaken = false;
      this.position = this.headOffset + 1;
      this.hasMoved = true;
    }
    this.#hasLeftOut = false;
    this.#findHead(false);
  }

  /** Tries the record again that is held, if it is time. */
  resume(): void {
    if (this.#reader.hold.isOver) this.#findHead(true);
  }

  /** @param isThere true: the first batch stands at the record already */
  #findHead(isThere: boolean): void {
    let isAtRecord = isThere;
    while (this.#first < this.#batches.length) {
      const batch = this.#batches[this.#first];
      while (isAtRecord || this.#next(batch)) {
        isAtRecord = false;
        const head = this.#reader.read(batch, this.partitionTime);
        if (head !== undefined) {
          this.head = head;
          this.headTimestamp = head.timestamp;
          this.headOffset = batch.offset;
          this.headTopic = batch.topic;
          return;
        }
        if (this.isHeld) return;
        this.#leftOut(batch.offset + 1);
      }
      if (batch.nextOffset > this.position) this.position = batch.nextOffset;
      batch.release();
      this.#first += 1;
    }
    this.#batches = [];
    this.#first = 0;
    this.isSpent = this.#hasLeftOut;
    if (this.isSpent) this.headTimestamp = -1;
  }

  clear(): void {
    for (let index = this.#first; index < this.#batches.length; index++)
      this.#batches[index].release();
    this.#batches = [];
    this.#first = 0;
    this.head = undefined;
    this.isSpent = false;
    this.#reader.hold.release();
  }

  /** Where the rest of a batch cannot be read, that is left out as one record would be. */
  #next(batch: RecordBatchView): boolean {
    try {
      return batch.next();
    } catch (cause) {
      if (!(cause instanceof UnreadableBatchError)) throw cause;
      this.#reader.leaveOutRest(cause);
      this.#leftOut(cause.nextOffset);
      return false;
    }
  }

  #leftOut(nextOffset: Offset): void {
    this.#hasLeftOut = true;
    this.position = nextOffset;
    this.hasMoved = true;
  }
}
