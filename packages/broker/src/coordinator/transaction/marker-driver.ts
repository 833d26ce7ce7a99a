import type { TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { TransactionMarker } from "../coordinator-log.ts";
import type { MarkerWriter } from "../marker-writer.ts";
import { resultOf } from "./end-transaction.ts";
import type { TransactionMetadata } from "./transaction-metadata.ts";
import { listPartitions } from "./transaction-partitions.ts";

export interface MarkerDriverOptions {
  readonly platform: Platform;
  /** Users' partitions and those of `__consumer_offsets`. */
  readonly markers: MarkerWriter;
  readonly coordinatorEpoch: (transactionalId: string) => number;
  /** Writes the COMPLETE record. */
  readonly complete: (prepared: TransactionMetadata) => Promise<void>;
  /** Of the first retry; each one after it waits twice as long, up to 1 s. */
  readonly retryBackoffMs: number;
}

const retryBackoffMsMax = 1_000;

/**
 * Carries decisions out: markers to every partition, again until each is durable, then the record
 * that says so.
 *
 *     PREPARE durable ──▶ markers ──▶ all durable ──▶ COMPLETE
 *                            ▲          │ failed
 *                            └─ backoff ┘
 *
 * A crash anywhere on the way starts it again from the first marker: those that are there are not
 * written twice.
 */
export class MarkerDriver {
  readonly #options: MarkerDriverOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();

  constructor(options: MarkerDriverOptions) {
    this.#options = options;
  }

  /** Resolves once nothing is on its way for a transactional id, or the time is up. */
  async idleOrAfter(transactionalId: string, timeoutMs: number): Promise<void> {
    const running = this.#running.get(transactionalId);
    const waiting = new AbortController();
    const timeUp = this.#options.platform.timers
      .sleep(timeoutMs, waiting.signal)
      .catch(() => undefined);
    await (running === undefined ? timeUp : Promise.race([running, timeUp]));
    waiting.abort();
  }

  carryOut(prepared: TransactionMetadata): void {
    const { transactionalId } = prepared;
    const run = this.#run(prepared)
      .catch((failure: unknown) => {
        if (this.#closed.signal.aborted) return;
        this.#options.platform.logger.log("error", "broker.transaction-markers-failed", {
          transactionalId,
          failure,
        });
      })
      .finally(() => {
        if (this.#running.get(transactionalId) === run) this.#running.delete(transactionalId);
      });
    this.#running.set(transactionalId, run);
  }

  /**
   * Stops where it is; the next start goes on. What waits for a log ends with the log. Calling
   * twice is fine.
   */
  close(): void {
    this.#closed.abort();
  }

  async #run(prepared: TransactionMetadata): Promise<void> {
    const { platform, coordinatorEpoch, markers } = this.#options;
    const marker: TransactionMarker = {
      producerId: prepared.producerId,
      producerEpoch: prepared.producerEpoch,
      coordinatorEpoch: coordinatorEpoch(prepared.transactionalId),
      result: resultOf(prepared),
      transactionVersion: prepared.clientTransactionVersion,
    };
    let remaining = listPartitions(prepared.partitions);
    let attempt = 0;
    while (remaining.length > 0 && !this.#closed.signal.aborted) {
      const outcomes = await markers.write(marker, remaining);
      remaining = this.#unwritten(prepared.transactionalId, remaining, outcomes);
      if (remaining.length > 0) await this.#backOff(attempt++);
    }
    if (this.#closed.signal.aborted) return;
    platform.probe?.("C15");
    await this.#complete(prepared);
  }

  #unwritten(
    transactionalId: string,
    partitions: readonly TopicPartition[],
    outcomes: Awaited<ReturnType<MarkerWriter["write"]>>,
  ): readonly TopicPartition[] {
    return partitions.filter((partition, index) => {
      const outcome = outcomes[index];
      if (outcome !== "written")
        this.#options.platform.logger.log("warn", "broker.transaction-marker-not-written", {
          transactionalId,
          ...partition,
          outcome,
        });
      return outcome === "failed";
    });
  }

  async #complete(prepared: TransactionMetadata): Promise<void> {
    for (let attempt = 0; !this.#closed.signal.aborted; attempt++) {
      try {
        return await this.#options.complete(prepared);
      } catch (failure) {
        this.#options.platform.logger.log("warn", "broker.transaction-complete-not-written", {
          transactionalId: prepared.transactionalId,
          failure,
        });
        await this.#backOff(attempt);
      }
    }
  }

  #backOff(attempt: number): Promise<void> {
    const { platform, retryBackoffMs } = this.#options;
    const backoffMs = Math.min(retryBackoffMs * 2 ** attempt, retryBackoffMsMax);
    return platform.timers.sleep(backoffMs, this.#closed.signal);
  }
}
