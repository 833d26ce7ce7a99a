/** Kafka's defaults of `quota.window.size.seconds` and `quota.window.num`. */
export const sampleMs = 1000;
export const sampleCount = 11;
/** Whole samples that a rate is the mean of at least. */
export const windowSeconds = ((sampleCount - 1) * sampleMs) / 1000;

/** What was done in the last seconds, in samples of one second (Kafka: `Rate`). */
export class WindowedRate {
  readonly #samples: { readonly startMs: number; sum: number }[] = [];

  record(nowMs: number, amount: number): void {
    this.#forget(nowMs);
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.startMs < sampleMs) last.sum += amount;
    else this.#samples.push({ startMs: nowMs, sum: amount });
  }

  /** Until the mean is down to the limit, in units a second, if nothing more comes. */
  throttleMs(nowMs: number, limit: number): number {
    this.#forget(nowMs);
    let sum = 0;
    for (const sample of this.#samples) sum += sample.sum;
    const elapsedMs = nowMs - (this.#samples[0]?.startMs ?? nowMs);
    const windowMs = Math.max(elapsedMs, (sampleCount - 1) * sampleMs);
    return Math.max(0, Math.round((sum * 1000) / limit - windowMs));
  }

  #forget(nowMs: number): void {
    while (this.#samples.length > 0 && nowMs - this.#samples[0].startMs >= sampleCount * sampleMs)
      this.#samples.shift();
  }
}
