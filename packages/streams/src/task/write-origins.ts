import type { PartitionWriter } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { RecordContext } from "@millrace/state";

import type { WrittenRecord } from "./written-record.ts";

/** Who appends: a node of a task, or one of its stores. Its context says which record is under way. */
export interface WriteSource {
  /** The sink; undefined for changelogs and dead letters. */
  readonly node: string | undefined;
  readonly isChangelog: boolean;
  readonly context: RecordContext;
  /** Comes back to leave the record out; else throws. */
  readonly onRefused: (record: WrittenRecord, cause: unknown) => void;
}

/** Which input record something was written for. */
export interface WriteOrigin extends TopicPartition {
  readonly source: WriteSource;
  readonly offset: Offset;
}

/** Appends that are remembered of one partition, at most: far more than a writer's buffer holds. */
const appendsMax = 2 ** 20;

/**
 * Remembers where what is on its way to the brokers came from, so that a record that is refused later is told by its
 * input. An append costs a number; sources are kept by runs.
 */
export class WriteOrigins {
  readonly #partitions = new Map<string, PartitionOrigins>();

  of(writer: PartitionWriter): PartitionOrigins {
    const name = topicPartitionName(writer.topic, writer.partition);
    let origins = this.#partitions.get(name);
    if (origins === undefined) {
      origins = new PartitionOrigins();
      this.#partitions.set(name, origins);
    }
    return origins;
  }

  /** Undefined: it was appended too long ago. */
  find({ topic, partition }: TopicPartition, appendIndex: number): WriteOrigin | undefined {
    return this.#partitions.get(topicPartitionName(topic, partition))?.find(appendIndex);
  }

  /** All that was appended is settled. */
  forget(): void {
    for (const origins of this.#partitions.values()) origins.forget();
  }
}

interface Run extends TopicPartition {
  readonly fromIndex: number;
  readonly source: WriteSource;
}

export class PartitionOrigins {
  #firstIndex = 0;
  #offsets: Offset[] = [];
  #runs: Run[] = [];
  #last: Run | undefined;

  /** @param appendIndex the writer's `appendedCount` before the append; each is noted, in order */
  note(appendIndex: number, source: WriteSource): void {
    const { topic, partition, offset } = source.context;
    const last = this.#last;
    if (
      last === undefined ||
      last.source !== source ||
      last.topic !== topic ||
      last.partition !== partition
    )
      this.#begin(appendIndex, source);
    this.#offsets.push(offset);
    if (this.#offsets.length > appendsMax) this.#dropOldest();
  }

  find(appendIndex: number): WriteOrigin | undefined {
    const offset = this.#offsets[appendIndex - this.#firstIndex];
    const run = this.#runs.findLast(({ fromIndex }) => fromIndex <= appendIndex);
    if (offset === undefined || run === undefined) return undefined;
    const { topic, partition, source } = run;
    return { topic, partition, offset, source };
  }

  forget(): void {
    this.#offsets.length = 0;
    this.#runs.length = 0;
    this.#last = undefined;
  }

  #begin(fromIndex: number, source: WriteSource): void {
    if (this.#offsets.length === 0) this.#firstIndex = fromIndex;
    const { topic, partition } = source.context;
    this.#last = { fromIndex, source, topic: topic ?? "", partition };
    this.#runs.push(this.#last);
  }

  #dropOldest(): void {
    const half = appendsMax / 2;
    this.#offsets = this.#offsets.slice(half);
    this.#firstIndex += half;
    const first = this.#runs.findLastIndex(({ fromIndex }) => fromIndex <= this.#firstIndex);
    this.#runs = this.#runs.slice(first);
  }
}
