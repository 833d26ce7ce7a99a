import { LogCorruptedError, LogRequestError } from "@millrace/log";
import { BaseError, invariant, InvariantError, messageOf, noHeaders } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import { CoordinatorLogError } from "../coordinator/coordinator-log-error.ts";
import type {
  CoordinatorLog,
  CoordinatorLogVisitor,
  LogRecord,
  ProducerIdentity,
  TransactionMarker,
} from "../coordinator/coordinator-log.ts";
import { appendMarker } from "./append-marker.ts";
import type { Partition } from "./partition.ts";
import { replayLog } from "./replay-log.ts";

/** Offsets of a record's key, value and varints that a batch has besides them. */
const recordOverheadBytes = 32;

/** A coordinator's log on a partition that is open. */
export class CoordinatorPartitionLog implements CoordinatorLog {
  readonly #partition: Partition;
  readonly #clock: Clock;
  readonly #onUnusable: (error: BaseError) => void;

  /** @param onUnusable told about what makes that it cannot be replayed, so that nobody reads or writes it either */
  constructor(partition: Partition, clock: Clock, onUnusable: (error: BaseError) => void) {
    this.#partition = partition;
    this.#clock = clock;
    this.#onUnusable = onUnusable;
  }

  get endOffset(): number {
    return this.#partition.logEndOffset;
  }

  get leaderEpoch(): number {
    return this.#partition.leaderEpoch;
  }

  append(records: readonly LogRecord[], producer?: ProducerIdentity): number {
    return this.appendBatch(
      encodeCoordinatorBatch(records, this.#clock.wallMs(), producer),
      producer,
    );
  }

  /** A batch that is encoded already. */
  appendBatch(batch: Uint8Array, producer: ProducerIdentity | undefined): number {
    return (
      asCoordinator(() => {
        const verificationGuard =
          producer === undefined
            ? undefined
            : this.#partition.startTransactionVerification({
                ...producer,
                baseSequence: -1,
                supportsEpochBump: true,
              });
        const { endOffset } = this;
        const appended = this.#partition.append(batch, {
          origin: "coordinator",
          verificationGuard,
        });
        invariant(appended.baseOffset === endOffset, "BROKER-7", { ...appended, endOffset });
        return appended.lastOffset;
      }) + 1
    );
  }

  appendMarker(marker: TransactionMarker): number {
    return asCoordinator(() => appendMarker(this.#partition, marker, this.#clock.wallMs()));
  }

  whenDurable(endOffset: number, callback: (failure: Error | undefined) => void): void {
    this.#partition.whenDurable(endOffset, callback);
  }

  async forgetBefore(offset: number): Promise<void> {
    const { logStartOffset, highWatermark } = this.#partition;
    const below = Math.min(offset, highWatermark);
    if (below > logStartOffset) await this.#partition.deleteRecordsBefore(below);
  }

  /** Only the share coordinator gives up what it has written: elsewhere a beginning that is not there is lost. */
  get #begin(): "first" | "log start" {
    return this.#partition.topic === "__share_group_state" ? "log start" : "first";
  }

  /** A damaged log is not replayed: what is behind the damage may take back what is before it. */
  replay(visitor: CoordinatorLogVisitor): void {
    const { damage, failure } = this.#partition;
    if (failure !== undefined) throw toCoordinatorError(failure);
    try {
      if (damage !== undefined) throw new LogCorruptedError(damage);
      replayLog(this.#partition, visitor, this.#begin);
    } catch (error) {
      if (!(error instanceof BaseError) || error instanceof InvariantError) throw error;
      this.#onUnusable(error);
      throw toCoordinatorError(error);
    }
  }
}

export function encodeCoordinatorBatch(
  records: readonly LogRecord[],
  timestamp: number,
  producer: ProducerIdentity | undefined,
): Uint8Array {
  let capacityBytes = 128;
  for (const { key, value } of records)
    capacityBytes += recordOverheadBytes + key.length + (value?.length ?? 0);
  const builder = new RecordBatchBuilder({ capacityBytes });
  for (const { key, value } of records) builder.append(timestamp, key, value, noHeaders);
  return builder.build({
    producerId: producer?.producerId,
    producerEpoch: producer?.producerEpoch,
    isTransactional: producer !== undefined,
  });
}

/** Runs an append; what the log refuses it with becomes the coordinators' error. */
export function asCoordinator<Result>(append: () => Result): Result {
  try {
    return append();
  } catch (error) {
    throw toCoordinatorError(error);
  }
}

function toCoordinatorError(error: unknown): CoordinatorLogError {
  const message = messageOf(error);
  if (error instanceof LogRequestError) {
    switch (error.code) {
      case "INVALID_PRODUCER_EPOCH":
      case "TRANSACTION_COORDINATOR_FENCED":
        return new CoordinatorLogError("PRODUCER_FENCED", message, error);
      case "INVALID_TXN_STATE":
        return new CoordinatorLogError("INVALID_TRANSACTION_STATE", message, error);
      case "MESSAGE_TOO_LARGE":
      case "RECORD_LIST_TOO_LARGE":
        return new CoordinatorLogError("RECORD_TOO_LARGE", message, error);
      default:
    }
  }
  return new CoordinatorLogError("LOG_UNAVAILABLE", message, error);
}
