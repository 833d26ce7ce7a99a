import type { OffsetOutOfRangeError } from "@millrace/cluster";
import {
  topicPartitionName,
  type Offset,
  type RecordBatchView,
  type TopicPartition,
} from "@millrace/model";
import type { Logger } from "@millrace/platform";
import { StateError } from "@millrace/state";

import { reaches, type ChangelogRange } from "./changelog-ranges.ts";
import type { RestoreProgress } from "./restore-event.ts";
import type { TaskState } from "./task-state.ts";

export interface ChangelogReadingOptions {
  readonly state: TaskState;
  readonly store: string;
  readonly changelog: TopicPartition;
  /** True: a source topic that serves as one: what was not processed yet is for the task. */
  readonly isSourceTopic: boolean;
  /** True: it is written in transactions, each of which ends in a marker. */
  readonly isTransactional: boolean;
  readonly logger: Logger;
}

/**
 * One store that is read from its changelog (Kafka: `StoreChangelogReader`'s `ChangelogMetadata`).
 *
 * STREAMS-3: a store was built from this very changelog, and its offset is never above the end, nor below the start. (A
 * store that was committed with a transaction is at the marker of that: where all up to it was deleted for its age nothing
 * is lost.)
 * Where that does not hold (the folder of another partition, a changelog that was made anew) the store holds another
 * history and is rebuilt from the changelog. So is one that its changelog moves away from meanwhile.
 */
export class ChangelogReading {
  readonly store: string;
  readonly changelog: TopicPartition;
  readonly isSourceTopic: boolean;
  /** Where a restoration ends; undefined: it follows. */
  end: Offset | undefined = undefined;
  /** Of a source topic: nothing is taken from here on. */
  limit: Offset = 0;
  /** All below is in the store, if only in its stage. */
  position: Offset = 0;
  /** Records since `begin`. */
  records = 0;
  #startOffset: Offset = 0;
  /** True: `begin` found changes in the store that are its own. */
  #beganWithChanges = false;
  #recordsTold = 0;
  readonly #state: TaskState;
  readonly #isTransactional: boolean;
  readonly #logger: Logger;
  #hasBegun = false;

  constructor(options: ChangelogReadingOptions) {
    const { state, store, changelog, isSourceTopic, isTransactional, logger } = options;
    this.#isTransactional = isTransactional && !isSourceTopic;
    this.#state = state;
    this.store = store;
    this.changelog = changelog;
    this.isSourceTopic = isSourceTopic;
    this.#logger = logger;
  }

  /** Of the changelog, as readers call it. */
  get name(): string {
    return topicPartitionName(this.changelog.topic, this.changelog.partition);
  }

  /** Nothing is taken from here on, for now. */
  get stop(): Offset {
    return Math.min(this.end ?? Infinity, this.isSourceTopic ? this.limit : Infinity);
  }

  /** True: the store holds what somebody has processed. */
  get hasChanges(): boolean {
    return this.#beganWithChanges || this.records > 0;
  }

  get isAtStop(): boolean {
    return this.position >= this.stop;
  }

  /** Goes on where the store is, or from the start of the changelog where that does not hold it. */
  begin(range: ChangelogRange): void {
    const { start, end, topicId } = range;
    const { stores } = this.#state;
    const offset = this.#hasBegun ? this.position : stores.committedOffset(this.store);
    const isWithin = offset === undefined || reaches(range, offset, this.#isTransactional);
    // Rows that no offset covers are what somebody left who ended as he filled or emptied it.
    if (offset === undefined) stores.wipe(this.store);
    const isOwn = stores.tie(this.store, this.name, topicId);
    this.position = Math.max(start, offset ?? start);
    const isKept = isOwn && isWithin;
    this.#beganWithChanges = isKept && (offset ?? 0) > 0;
    if (!isKept) {
      const reason = isOwn
        ? outOfRange
        : "it was built from another changelog, or one that was deleted and made anew";
      this.#rebuild({ reason, offset, changelogStart: start, changelogEnd: end });
      this.position = start;
    }
    this.#hasBegun = true;
    this.#startOffset = this.position;
    this.records = this.#recordsTold = 0;
  }

  /** A store whose changelog has lost what was to be read next begins anew (Kafka: `TaskCorruptedException`). */
  lost({ offset, startOffset, endOffset }: OffsetOutOfRangeError): void {
    this.#rebuild({
      reason: outOfRange,
      offset,
      changelogStart: startOffset,
      changelogEnd: endOffset,
    });
    this.#hasBegun = false;
  }

  /** Puts a record into the store; false: it is beyond what may be taken. */
  take(batch: RecordBatchView): boolean {
    if (batch.offset >= this.stop) return false;
    const { key } = batch;
    if (key !== null) {
      this.#restore(key, batch);
      this.records += 1;
    }
    return true;
  }

  /** All of the changelog below that offset was given to `take`. */
  passed(offset: Offset): void {
    this.position = Math.max(this.position, Math.min(this.stop, offset));
  }

  /** Records since this was asked last. */
  untold(): number {
    const count = this.records - this.#recordsTold;
    this.#recordsTold = this.records;
    return count;
  }

  progress(role: RestoreProgress["role"], endOffset: Offset | undefined): RestoreProgress {
    return {
      task: this.#state.name,
      store: this.store,
      changelog: this.changelog,
      role,
      startOffset: this.#startOffset,
      offset: this.position,
      endOffset: this.end ?? endOffset,
      records: this.records,
    };
  }

  #rebuild(found: Mismatch): void {
    const { name: task } = this.#state;
    this.#logger.log("warn", "streams.store-rebuilt", { task, store: this.store, ...found });
    this.#state.stores.wipe(this.store);
  }

  /** What cannot be taken is told with its place: only there it can be looked at. */
  #restore(key: Uint8Array, batch: RecordBatchView): void {
    try {
      this.#state.stores.restore(this.store, key, batch);
    } catch (cause) {
      if (!(cause instanceof StateError)) throw cause;
      const place = `task ${this.#state.name}, record ${this.name} at offset ${batch.offset}`;
      throw new StateError(cause.code, `${cause.message} (${place})`, cause);
    }
  }
}

const outOfRange = "the changelog does not hold its offset";

interface Mismatch {
  readonly reason: string;
  /** At which the store was. */
  readonly offset: Offset | undefined;
  readonly changelogStart: Offset;
  readonly changelogEnd: Offset;
}
