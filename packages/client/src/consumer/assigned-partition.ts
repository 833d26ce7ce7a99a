import type { Offset, TopicPartition } from "@millrace/model";
import type { FetchedBatch } from "./fetched-batch.ts";
import { HeldBytes } from "./held-bytes.ts";

/** What a reader knows of one of its partitions. */
export class AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  /** The next record that `poll` gives is at or above this. */
  position: Offset;
  /** The next fetch asks from here. */
  fetchOffset: Offset;
  isPaused = false;
  /** Visible end as of the last fetch. */
  endOffset: Offset | undefined = undefined;
  /** What was fetched and not yet polled. */
  readonly fetched: FetchedBatch[] = [];
  /** What was fetched and not yet released, whether or not it was polled. */
  readonly held: HeldBytes;
  /** What the reader cannot mend; told once all that was fetched is given. */
  failure: Error | undefined = undefined;
  /** True: what its log holds is being asked for, since the next offset is not there. */
  isLost = false;
  /** Leader epoch of the last batch fetched: lets a broker tell that its log has another history (KIP-320). */
  lastEpoch = -1;
  /** The topic's id when reading began: another one later is another topic of the same name. */
  topicId: string | undefined = undefined;
  /** Since when the cluster does not know it. */
  unknownSinceMs: number | undefined = undefined;
  /** True: the log says so. */
  isMissingSaid = false;
  /** After an error that may pass it is not asked for before then. */
  notBeforeMs = 0;
  /** False once unassigned or moved: what is on its way for this object is dropped. */
  isCurrent = true;

  constructor(
    { topic, partition, offset }: TopicPartition & { readonly offset: Offset },
    heldByReader: HeldBytes,
  ) {
    this.held = new HeldBytes(heldByReader);
    this.topic = topic;
    this.partition = partition;
    this.position = offset;
    this.fetchOffset = offset;
  }

  markKnown(): void {
    this.unknownSinceMs = undefined;
    this.isMissingSaid = false;
  }

  /** Gives all that waits back. */
  retire(): void {
    this.isCurrent = false;
    for (const batch of this.fetched.splice(0)) batch.release();
  }
}
