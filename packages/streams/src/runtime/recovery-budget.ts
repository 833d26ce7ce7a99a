import type { OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type Offset } from "@millrace/model";
import type { Platform } from "@millrace/platform";

const firstPauseMs = 100;
const pauseMsMax = 5000;

/**
 * How long a loop goes without success before what keeps it back ends the application (Kafka:
 * `task.timeout.ms`). The first attempt comes at once, further ones after pauses that double, so that a
 * broker which comes back is not met by a storm.
 *
 * A success is a commit of all that the failed attempt had processed, or nothing left to do: a failure that comes
 * back whenever the tasks reach the same record is one failure.
 */
export class RecoveryBudget {
  readonly #platform: Platform;
  readonly #timeoutMs: number;
  /** What the failed attempts had processed, and nothing has committed yet. */
  readonly #goals = new Map<string, Offset>();
  #failures = 0;
  #firstMs = 0;

  constructor(platform: Platform, timeoutMs: number) {
    this.#platform = platform;
    this.#timeoutMs = timeoutMs;
  }

  /** True: something failed, and nothing has succeeded since. */
  get isUsed(): boolean {
    return this.#failures > 0;
  }

  /** There is nothing left to do. */
  reset(): void {
    this.#failures = 0;
    this.#goals.clear();
  }

  /** Takes note of what was processed and is lost by a failure. */
  lost(offsets: readonly OffsetAndMetadata[]): void {
    for (const { topic, partition, offset } of offsets) {
      const name = topicPartitionName(topic, partition);
      this.#goals.set(name, Math.max(offset, this.#goals.get(name) ?? 0));
    }
  }

  /** These were committed. */
  committed(offsets: readonly OffsetAndMetadata[]): void {
    if (!this.isUsed || offsets.length === 0) return;
    for (const { topic, partition, offset } of offsets) {
      const name = topicPartitionName(topic, partition);
      if (offset >= (this.#goals.get(name) ?? Infinity)) this.#goals.delete(name);
    }
    if (this.#goals.size === 0) this.reset();
  }

  /** Somebody else has the inputs that are not named here. */
  keepOnly(inputs: ReadonlySet<string>): void {
    for (const name of this.#goals.keys()) if (!inputs.has(name)) this.#goals.delete(name);
  }

  /** Waits until the next attempt. Rejects with the error once the time is over, or the signal's reason. */
  async pause(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, timers, random } = this.#platform;
    const nowMs = clock.monotonicMs();
    if (this.#failures === 0) this.#firstMs = nowMs;
    if (nowMs - this.#firstMs > this.#timeoutMs) throw error;
    const failures = this.#failures++;
    if (failures === 0) return;
    const pauseMs = Math.min(pauseMsMax, firstPauseMs * 2 ** Math.min(failures - 1, 10));
    const jitterMs = random.below(Math.ceil(pauseMs / 4));
    await timers.sleep(pauseMs - jitterMs, signal);
  }
}
