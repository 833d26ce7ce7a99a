import type { BatchWriter } from "@millrace/cluster";

import type { LoopEnvironment } from "./loop-environment.ts";
import { isFencedWriter } from "./recoverable-errors.ts";
import { WriteRefusals } from "./write-refusals.ts";

/** How long records may be on their way until a commit fails (Kafka: `delivery.timeout.ms`). */
const deliveryMsMax = 120_000;
const deliveryMsMin = 1000;

/**
 * What the tasks of a loop write with (Kafka: `StreamsProducer`): one writer after the other, the next one where a
 * newer writer has fenced this one. Under exactly-once a transaction is open from `initialize` on.
 */
export class LoopWriter {
  readonly refusals = new WriteRefusals();
  readonly #environment: LoopEnvironment;
  #current: BatchWriter;
  #isReady = false;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    this.#current = this.#open();
  }

  get current(): BatchWriter {
    return this.#current;
  }

  /** Call it before anything is written. */
  async initialize(signal: AbortSignal): Promise<void> {
    if (this.#environment.config.isExactlyOnce) await this.#current.initialize(signal);
    this.#isReady = true;
    this.begin();
  }

  /** Opens the next transaction, where there are any. */
  begin(): void {
    if (this.#environment.config.isExactlyOnce) this.#current.begin();
  }

  /** Forgets what was not committed. May fail, and be called again. */
  async restart(cause: unknown, signal: AbortSignal): Promise<void> {
    const { isExactlyOnce } = this.#environment.config;
    if (isExactlyOnce && isFencedWriter(cause)) {
      await this.#current.close(0);
      this.#current = this.#open();
      this.#isReady = false;
    }
    if (!this.#isReady) await this.initialize(signal);
    else if (isExactlyOnce) {
      await this.#current.abort(signal);
      this.begin();
    }
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#current.close(timeoutMs);
  }

  #open(): BatchWriter {
    const { config, cluster } = this.#environment;
    this.refusals.origins.forget();
    return cluster.openWriter({
      compression: config.compression,
      lingerMs: 100,
      requestBytesMax: config.requestBytesMax,
      onRefused: this.refusals.decide,
      deliveryTimeoutMs: Math.max(deliveryMsMin, Math.min(config.taskTimeoutMs, deliveryMsMax)),
      ...(config.isExactlyOnce
        ? {
            transactionalId: config.transactionalId,
            transactionTimeoutMs: config.transactionTimeoutMs,
          }
        : {}),
    });
  }
}
