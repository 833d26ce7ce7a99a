/** Each bucket ends this much above the one before: a percentile is told within 2 %. */
const growth = 1.02;
const smallestMs = 0.01;

/** Latencies in buckets, so that any number of them takes the same memory. */
export class LatencyHistogram {
  readonly #counts: number[] = [];
  #sum = 0;
  count = 0;
  max = 0;

  add(ms: number): void {
    const bucket = ms <= smallestMs ? 0 : Math.ceil(Math.log(ms / smallestMs) / Math.log(growth));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.count++;
    this.#sum += ms;
    this.max = Math.max(this.max, ms);
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  /** @param share such as 0.99 */
  percentile(share: number): number {
    let left = Math.ceil(this.count * share);
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count ?? 0;
      if (left <= 0) return Math.min(smallestMs * growth ** bucket, this.max);
    }
    return this.max;
  }
}
