import { topicPartitionName, type RecordBatchView, type TopicPartition } from "@millrace/model";
import { SerdePendingError, SerdeWait, type WaitBounds } from "@millrace/serde";
import type { Position } from "./consumer-positions.ts";
import type { ConsumerRecord, RecordDecoder } from "./record-decoder.ts";

/** What a consumer was given by its reader and has not read to its end; and the record that it gave last. */
export class BatchesAtHand<Key, Value> {
  readonly #decoder: RecordDecoder<Key, Value>;
  readonly #paused = new Set<string>();
  #batches: RecordBatchView[] = [];
  /** Stand at a record that its serde could not read: it is met again. */
  readonly #stuck = new Set<RecordBatchView>();
  /** By partition: its next record waits for what a serde must first fetch. */
  readonly #waits = new Map<string, SerdeWait>();
  readonly #bounds: WaitBounds;
  readonly #onHeld: (partition: TopicPartition, isHeld: boolean) => void;
  /** The record that was given last, until the next one is asked for. */
  #record: Position | undefined;

  /** @param onHeld told of a partition that must wait for its serde, and that it need not any more */
  constructor(
    decoder: RecordDecoder<Key, Value>,
    bounds: WaitBounds,
    onHeld: (partition: TopicPartition, isHeld: boolean) => void,
  ) {
    this.#decoder = decoder;
    this.#bounds = bounds;
    this.#onHeld = onHeld;
  }

  get record(): Position | undefined {
    return this.#record;
  }

  add(batches: readonly RecordBatchView[]): void {
    for (const batch of batches) this.#batches.push(batch);
  }

  pause(partition: TopicPartition): void {
    this.#paused.add(nameOf(partition));
  }

  /** Whether it was paused. */
  resume(partition: TopicPartition): boolean {
    return this.#paused.delete(nameOf(partition));
  }

  isPaused(partition: TopicPartition): boolean {
    return this.#paused.size > 0 && this.#paused.has(nameOf(partition));
  }

  /** Whether records of a partition are still to come; a batch that cannot be read counts, too. */
  hasMoreOf(partition: TopicPartition): boolean {
    const [current, next] = this.#batches.filter((one) => isSame(one, partition));
    return next !== undefined || (current !== undefined && current.remaining > 0);
  }

  /** Names of the partitions of which anything is at hand. */
  names(): ReadonlySet<string> {
    const names = new Set(this.#batches.map(nameOf));
    if (this.#record !== undefined) names.add(nameOf(this.#record));
    return names;
  }

  /**
   * The next record, of which the others are done by now; undefined: more must come first.
   *
   * @param onDone told what is done: a record that was given or left out, or a whole batch
   */
  next(
    onDone: (partition: TopicPartition, nextOffset: number) => void,
  ): ConsumerRecord<Key, Value> | undefined {
    this.settle(onDone);
    for (;;) {
      const batch = this.#first();
      if (batch === undefined) return undefined;
      if (!this.#stuck.has(batch) && !this.#advance(batch)) {
        this.#batches.splice(this.#batches.indexOf(batch), 1);
        onDone(batch, batch.nextOffset);
        batch.release();
        continue;
      }
      this.#stuck.add(batch);
      const record = this.#decode(batch);
      if (record === "held") continue;
      this.#stuck.delete(batch);
      const { topic, partition, offset } = batch;
      if (record === undefined) onDone(batch, offset + 1);
      else {
        this.#record = { topic, partition, offset };
        return record;
      }
    }
  }

  /** The record that was given last is done. */
  settle(onDone: (partition: TopicPartition, nextOffset: number) => void): void {
    const record = this.#record;
    if (record === undefined) return;
    this.#record = undefined;
    onDone(record, record.offset + 1);
  }

  /** Gives back what is at hand of some partitions. */
  drop(isDropped: (partition: TopicPartition) => boolean): void {
    for (const batch of this.#batches) {
      if (!isDropped(batch)) continue;
      this.#endWait(batch);
      this.#stuck.delete(batch);
      batch.release();
    }
    this.#batches = this.#batches.filter((batch) => !isDropped(batch));
    if (this.#record !== undefined && isDropped(this.#record)) this.#record = undefined;
  }

  /** Where the rest of a batch cannot be read it is at an end, if that is to be left out. */
  #advance(batch: RecordBatchView): boolean {
    try {
      return batch.next();
    } catch (error) {
      if (!this.#decoder.leavesOut(error)) throw error;
      return false;
    }
  }

  #first(): RecordBatchView | undefined {
    if (this.#paused.size === 0 && this.#waits.size === 0) return this.#batches[0];
    return this.#batches.find((one) => {
      const name = nameOf(one);
      return !this.#paused.has(name) && this.#waits.get(name)?.isOver !== false;
    });
  }

  #decode(batch: RecordBatchView): ConsumerRecord<Key, Value> | undefined | "held" {
    const name = nameOf(batch);
    const wait = this.#waits.get(name);
    try {
      const record = this.#decoder.decode(batch, wait);
      if (wait !== undefined) this.#endWait(batch);
      return record;
    } catch (error) {
      if (!(error instanceof SerdePendingError)) {
        this.#endWait(batch);
        throw error;
      }
      if (wait !== undefined) wait.again(error);
      else {
        this.#waits.set(name, new SerdeWait(error, this.#bounds));
        this.#onHeld(batch, true);
      }
      return "held";
    }
  }

  #endWait(partition: TopicPartition): void {
    const name = nameOf(partition);
    const wait = this.#waits.get(name);
    if (wait === undefined) return;
    wait.close();
    this.#waits.delete(name);
    this.#onHeld(partition, false);
  }
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}

export function isSame(left: TopicPartition, right: TopicPartition): boolean {
  return left.partition === right.partition && left.topic === right.topic;
}
