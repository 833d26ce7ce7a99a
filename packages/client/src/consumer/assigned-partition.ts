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
  /** What was refused, though the log holds it as far as was told: it is asked for once more. */
  doubted: { readonly offset: Offset; readonly atMs: number } | undefined = undefined;
  /** Leader epoch of the last batch fetched: lets a broker tell that its log has another history (KIP-320). */
  lastEpoch = -1;
  /** The topic's id when reading began: another one later is another topic of the same name. */
  topicId: string | undefined = undefined;
  /** That the cluster does not know it. */
  readonly unknown = new Trouble();
  /** That no broker leads it. */
  readonly leaderless = new Trouble();
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

  /** Gives all that waits back. */
  retire(): void {
    this.isCurrent = false;
    for (const batch of this.fetched.splice(0)) batch.release();
  }
}

/** Something that keeps a partition from being read, and may pass. */
export class Trouble {
  /** Undefined: there is none. */
  sinceMs: number | undefined = undefined;
  #isSaid = false;

  /** As of now. */
  note(isThere: boolean, nowMs: number): void {
    if (isThere) this.sinceMs ??= nowMs;
    else {
      this.sinceMs = undefined;
      this.#isSaid = false;
    }
  }

  /** True once in its life, when it has lasted for so long. */
  isToBeSaid(afterMs: number, nowMs: number): boolean {
    if (this.#isSaid || this.sinceMs === undefined || nowMs - this.sinceMs < afterMs) return false;
    this.#isSaid = true;
    return true;
  }
}
