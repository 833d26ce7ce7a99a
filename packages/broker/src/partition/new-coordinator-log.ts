import { invariant } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import { CoordinatorLogError } from "../coordinator/coordinator-log-error.ts";
import type {
  CoordinatorLog,
  CoordinatorLogVisitor,
  LogRecord,
  ProducerIdentity,
  TransactionMarker,
} from "../coordinator/coordinator-log.ts";
import { CoordinatorPartitionLog, encodeCoordinatorBatch } from "./coordinator-partition-log.ts";
import type { Partition } from "./partition.ts";

interface Waiting {
  readonly endOffset: number;
  readonly write: (log: CoordinatorPartitionLog) => void;
}

export interface NewCoordinatorLogOptions {
  readonly clock: Clock;
  readonly leaderEpoch: number;
  /** Makes the partition. */
  readonly open: () => Promise<Partition>;
  /** It could not be made, or not all be written: whoever comes next needs a new one of these. */
  readonly onFailed: () => void;
}

/**
 * A coordinator's log that is made by its first write. Appends are synchronous and making files is not: what is
 * appended meanwhile is kept here, at the offsets that it will have, and becomes durable like all else.
 *
 *     empty ──append──▶ opening ──▶ open
 *                          └──────▶ failed (such as by a full disk): given up, the next one tries again
 */
export class NewCoordinatorLog implements CoordinatorLog {
  readonly #options: NewCoordinatorLogOptions;
  #log: CoordinatorPartitionLog | undefined;
  #waiting: Waiting[] = [];
  #durableWaits: [endOffset: number, callback: (failure: Error | undefined) => void][] = [];
  #endOffset = 0;
  #isOpening = false;
  #failure: CoordinatorLogError | undefined;

  constructor(options: NewCoordinatorLogOptions) {
    this.#options = options;
  }

  get endOffset(): number {
    return this.#log?.endOffset ?? this.#endOffset;
  }

  get leaderEpoch(): number {
    return this.#options.leaderEpoch;
  }

  append(records: readonly LogRecord[], producer?: ProducerIdentity): number {
    if (this.#log !== undefined) return this.#log.append(records, producer);
    const batch = encodeCoordinatorBatch(records, this.#options.clock.wallMs(), producer);
    return this.#wait(records.length, (log) => log.appendBatch(batch, producer));
  }

  appendMarker(marker: TransactionMarker): number {
    if (this.#log !== undefined) return this.#log.appendMarker(marker);
    return this.#wait(1, (log) => log.appendMarker(marker));
  }

  whenDurable(endOffset: number, callback: (failure: Error | undefined) => void): void {
    if (this.#log !== undefined) this.#log.whenDurable(endOffset, callback);
    else if (this.#failure !== undefined) callback(this.#failure);
    else if (endOffset === 0) callback(undefined);
    else this.#durableWaits.push([endOffset, callback]);
  }

  replay(visitor: CoordinatorLogVisitor): void {
    this.#log?.replay(visitor);
  }

  #wait(recordCount: number, write: (log: CoordinatorPartitionLog) => void): number {
    if (this.#failure !== undefined) throw this.#failure;
    this.#endOffset += recordCount;
    this.#waiting.push({ endOffset: this.#endOffset, write });
    if (!this.#isOpening) {
      this.#isOpening = true;
      void this.#open();
    }
    return this.#endOffset;
  }

  async #open(): Promise<void> {
    try {
      const { open, clock } = this.#options;
      // It is new: there is nothing to be replayed.
      const log = new CoordinatorPartitionLog(await open(), clock, () => {});
      for (const { endOffset, write } of this.#waiting) {
        write(log);
        invariant(log.endOffset === endOffset, "BROKER-7", { is: log.endOffset, endOffset });
      }
      this.#log = log;
      for (const [endOffset, callback] of this.#durableWaits) log.whenDurable(endOffset, callback);
    } catch (error) {
      const failure = new CoordinatorLogError("LOG_UNAVAILABLE", "the log cannot be made", error);
      this.#failure = failure;
      this.#options.onFailed();
      for (const [, callback] of this.#durableWaits) callback(failure);
    }
    this.#waiting = [];
    this.#durableWaits = [];
  }
}
