import { OffsetOutOfRangeError, type BatchReaderOptions } from "@millrace/cluster";
import type { Offset } from "@millrace/model";
import type { Timer } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";

import type { ClientContext } from "../client-context.ts";
import type { BackgroundWork } from "../connection/background-work.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { isRetriable } from "../connection/retrying.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { findOutOfRange, refusedFor } from "./partition-failures.ts";

export interface FetchFailuresParts {
  readonly context: ClientContext;
  readonly isolation: BatchReaderOptions["isolation"];
  readonly partitions: () => Iterable<AssignedPartition>;
  /** Owns the questions. */
  readonly background: BackgroundWork;
  readonly closing: AbortSignal;
  /** Called when a partition has a failure to be told. */
  readonly onTold: () => void;
  /** Called when a pause is over. */
  readonly onRetry: () => void;
}

/** What is refused again within this time, and that which an answer may take, is lost. */
const doubtMs = 5000;

/** What becomes of partitions that could not be fetched: asked again after a pause, or told why they cannot be read. */
export class FetchFailures {
  readonly #parts: FetchFailuresParts;
  /** For questions that must not wait behind a fetch. */
  readonly #questions: BrokerLane;
  #retry: Timer | undefined;

  constructor(parts: FetchFailuresParts) {
    this.#parts = parts;
    this.#questions = parts.context.openLane();
  }

  /** Their broker cannot be asked at the moment. */
  failed(error: unknown, partitions: readonly AssignedPartition[]): void {
    if (isRetriable(error)) {
      this.#fetchLater(partitions);
      return;
    }
    for (const assigned of partitions) assigned.failure = error as Error;
    this.#parts.onTold();
  }

  /** Its broker has answered with an error. */
  refused(assigned: AssignedPartition, errorCode: number): void {
    const error = KafkaError.of(errorCode);
    if (error.code === "OFFSET_OUT_OF_RANGE") this.lost(assigned, undefined);
    else if (error.retriable && error.code !== "CORRUPT_MESSAGE") this.#fetchLater([assigned]);
    else {
      // A damaged log stays damaged: asking again would only hide it.
      assigned.failure = refusedFor(assigned, error);
      this.#parts.onTold();
    }
  }

  /** Its next offset is not there: asks in the background what is, to tell it with that. */
  lost(assigned: AssignedPartition, divergentOffset: Offset | undefined): void {
    if (assigned.isLost) return;
    assigned.isLost = true;
    this.#parts.background.begin(this.#tellLost(assigned, divergentOffset));
  }

  close(): void {
    this.#retry?.cancel();
    this.#questions.close();
  }

  /** Never rejects. */
  async #tellLost(assigned: AssignedPartition, divergentOffset: Offset | undefined): Promise<void> {
    const { context, isolation, closing: signal, onTold, onRetry } = this.#parts;
    const { fetchOffset } = assigned;
    const isDoubted = this.#isDoubted(assigned);
    const lost = { assigned, divergentOffset, isolation, signal };
    let failure: Error;
    try {
      failure = await findOutOfRange(context, this.#questions, lost);
    } catch (error) {
      failure = error as Error;
    }
    // What a former leader has not, the one after it may have given meanwhile, or may have.
    if (assigned.fetchOffset === fetchOffset) {
      if (isRetriable(failure)) this.#fetchLater([assigned]);
      else if (isInLog(failure) && !isDoubted) this.#askOnceMore(assigned);
      else assigned.failure = failure;
    }
    assigned.isLost = false;
    onTold();
    onRetry();
  }

  #nowMs(): number {
    return this.#parts.context.platform.clock.monotonicMs();
  }

  /** True: it was asked for once more a while ago, and this is the answer. */
  #isDoubted({ doubted, fetchOffset }: AssignedPartition): boolean {
    if (doubted?.offset !== fetchOffset) return false;
    const { retryBackoffMsMax, requestTimeoutMs } = this.#parts.context.options;
    return this.#nowMs() - doubted.atMs <= doubtMs + retryBackoffMsMax + requestTimeoutMs;
  }

  /** Without the epoch of what came before, which may be what is unknown. */
  #askOnceMore(assigned: AssignedPartition): void {
    assigned.doubted = { offset: assigned.fetchOffset, atMs: this.#nowMs() };
    assigned.lastEpoch = -1;
    this.#fetchLater([assigned]);
  }

  /** Asks who leads now, and fetches again after a pause. */
  #fetchLater(waiting: readonly AssignedPartition[]): void {
    const { metadata, options } = this.#parts.context;
    const notBeforeMs = this.#nowMs() + options.retryBackoffMs;
    for (const assigned of waiting) assigned.notBeforeMs = notBeforeMs;
    metadata.requestRefresh();
    this.#scheduleRetry();
  }

  /** At the end of the earliest pause. */
  #scheduleRetry(): void {
    const { context, partitions, closing, onRetry } = this.#parts;
    const { clock, timers } = context.platform;
    const now = clock.monotonicMs();
    let earliestMs = Infinity;
    for (const { notBeforeMs } of partitions())
      if (notBeforeMs > now && notBeforeMs < earliestMs) earliestMs = notBeforeMs;
    if (earliestMs === Infinity || closing.aborted) return;
    this.#retry ??= timers.after(earliestMs - now, () => {
      this.#retry = undefined;
      onRetry();
      this.#scheduleRetry();
    });
  }
}

/** As far as its leader tells. */
function isInLog(failure: Error): boolean {
  if (!(failure instanceof OffsetOutOfRangeError) || failure.divergentOffset !== undefined)
    return false;
  const { offset, startOffset, endOffset } = failure;
  return offset >= startOffset && offset <= endOffset;
}
