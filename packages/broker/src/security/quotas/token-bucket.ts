import { sampleCount, sampleMs } from "./windowed-rate.ts";

const burstSeconds = (sampleCount * sampleMs) / 1000;

/**
 * What may be done at a rate, saved up for a while (Kafka: `TokenBucket`, KIP-599): something may be begun while there is
 * any token, and takes as many as it needs.
 */
export class TokenBucket {
  #tokens = Number.POSITIVE_INFINITY;
  #filledMs = 0;

  /** Takes tokens, more than there are if need be. */
  take(nowMs: number, limit: number, tokens: number): void {
    this.#fill(nowMs, limit);
    this.#tokens -= tokens;
  }

  /** Until there is a token again; 0: there is one. @param limit tokens a second */
  throttleMs(nowMs: number, limit: number): number {
    this.#fill(nowMs, limit);
    return this.#tokens < 0 ? Math.round((-this.#tokens / limit) * 1000) : 0;
  }

  #fill(nowMs: number, limit: number): void {
    const saved = this.#tokens + (limit * (nowMs - this.#filledMs)) / 1000;
    this.#tokens = Math.min(limit * burstSeconds, saved);
    this.#filledMs = nowMs;
  }
}
