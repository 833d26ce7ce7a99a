import type { Platform, Timer } from "@millrace/platform";
import type { Accumulator } from "./accumulator.ts";
import type { PartitionBatches, ProducerBatch } from "./partition-batches.ts";

export interface DeliveryExpiryOptions {
  readonly platform: Platform;
  readonly accumulator: Accumulator;
  readonly deliveryTimeoutMs: number;
  /** Told of a batch that was taken out of its queue, its time being over. */
  readonly onExpired: (batch: ProducerBatch, owner: PartitionBatches) => void;
}

/** Ends what has waited for longer than the delivery timeout. What is with a broker ends by its answer. */
export class DeliveryExpiry {
  readonly #options: DeliveryExpiryOptions;
  #timer: Timer | undefined;

  constructor(options: DeliveryExpiryOptions) {
    this.#options = options;
  }

  isOver(batch: ProducerBatch): boolean {
    return this.#leftMs(batch) <= 0;
  }

  /** Until the first of some batches is over. */
  leftMs(batches: readonly ProducerBatch[]): number {
    return Math.min(...batches.map((batch) => this.#leftMs(batch)));
  }

  /** Looks after what is there, until nothing is. */
  watch(): void {
    if (this.#timer !== undefined) return;
    const { platform, accumulator, deliveryTimeoutMs } = this.#options;
    this.#timer = platform.timers.after(deliveryTimeoutMs / 4, () => {
      this.#timer = undefined;
      for (const owner of accumulator.partitions) this.#expire(owner);
      if (accumulator.hasUnsettled) this.watch();
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  #expire(owner: PartitionBatches): void {
    for (let head = owner.queue.at(0); head !== undefined; head = owner.queue.at(0)) {
      if (!this.isOver(head)) return;
      owner.queue.shift();
      this.#options.onExpired(head, owner);
    }
  }

  #leftMs({ createdMs }: ProducerBatch): number {
    const { platform, deliveryTimeoutMs } = this.#options;
    return createdMs + deliveryTimeoutMs - platform.clock.monotonicMs();
  }
}
