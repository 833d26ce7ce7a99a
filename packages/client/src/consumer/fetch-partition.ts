import type { Offset, TopicPartition } from "@millrace/model";
import { topicPartitionName } from "@millrace/model";
import type { FetchedData } from "./fetched-data.ts";

/** One assigned partition of a reader: what was given, what has come, what to ask for next. */
export class FetchPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
  /** The id when reading began: another one later is another topic of the same name. */
  topicId: string | undefined;
  /** After all that `poll` has given. */
  position: Offset;
  /** The next to ask for. */
  fetchOffset: Offset;
  /** Of the last batch fetched: lets the broker tell that its log has another history (KIP-320). */
  lastFetchedEpoch = -1;
  endOffset: Offset | undefined;
  isPaused = false;
  /** Fetched and not yet given. */
  readonly data: FetchedData[] = [];
  dataBytes = 0;
  /** What the reader cannot mend; told by the next `poll`, then the partition rests until it is assigned again. */
  failure: Error | undefined;
  isResting = false;
  /** Since when the cluster does not know it. */
  unknownSinceMs: number | undefined;
  /** Errors wait until then. */
  notBeforeMs = 0;
  failures = 0;

  constructor({ topic, partition }: TopicPartition, offset: Offset) {
    this.topic = topic;
    this.partition = partition;
    this.name = topicPartitionName(topic, partition);
    this.position = offset;
    this.fetchOffset = offset;
  }

  add(data: FetchedData): void {
    this.fetchOffset = data.nextOffset;
    this.lastFetchedEpoch = data.lastEpoch;
    this.failures = 0;
    this.unknownSinceMs = undefined;
    if (data.positions.length === 0 && this.data.length === 0) {
      // Nothing to see: what was skipped counts as given.
      this.position = data.nextOffset;
      return;
    }
    this.data.push(data);
    this.dataBytes += data.bytes.length;
  }

  take(): FetchedData | undefined {
    const data = this.data.shift();
    if (data === undefined) return undefined;
    this.dataBytes -= data.bytes.length;
    this.position = data.nextOffset;
    return data;
  }
}
