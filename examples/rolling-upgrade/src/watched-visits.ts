import { setTimeout as sleep } from "node:timers/promises";

import type { KafkaClient } from "millrace";

import { pageCounts, visits } from "./topics.ts";

const pages = ["/", "/books", "/cart", "/search", "/help", "/jobs", "/news"];
const countryNames = ["it", "no", "pe"];
const pauseMs = 20;
const visitsAtOnce = 4;

/** Visits without end, and a reader of the counts: those of a page go up by one, from one on, and none is missing. */
export class WatchedVisits {
  readonly #client: KafkaClient;
  readonly #consumer;
  readonly #writing: Promise<void>;
  readonly #reading: Promise<void>;
  readonly #counts = new Map<string, number>();
  #isWriting = true;
  #sent = 0;
  #seen = 0;
  #seenMs = performance.now();
  /** The longest time without a result. */
  pauseMs = 0;
  /** Counts that are not one more than the one before. */
  readonly wrong: string[] = [];
  /** How many results each version has written. */
  readonly byVersion = new Map<string, number>();

  constructor(client: KafkaClient) {
    this.#client = client;
    this.#consumer = client.consumer({
      topics: [pageCounts.name],
      autoOffsetReset: "earliest",
      key: pageCounts.key,
      value: pageCounts.value,
    });
    this.#writing = this.#write();
    this.#reading = this.#read();
  }

  get sent(): number {
    return this.#sent;
  }

  /** Resolves once so many more results have come. */
  async counted(more: number, signal?: AbortSignal): Promise<void> {
    const until = this.#seen + more;
    while (this.#seen < until) await sleep(pauseMs, undefined, { signal });
  }

  /** Ends the visits, and resolves once the last one is counted. */
  async end(signal?: AbortSignal): Promise<void> {
    this.#isWriting = false;
    await this.#writing;
    while (this.#seen < this.#sent) await sleep(pauseMs, undefined, { signal });
  }

  async close(): Promise<void> {
    this.#isWriting = false;
    await this.#consumer.close();
    await Promise.allSettled([this.#writing, this.#reading]);
  }

  async #write(): Promise<void> {
    const producer = this.#client.producer(visits);
    while (this.#isWriting) {
      const some = Array.from({ length: visitsAtOnce }, (_, index) => {
        const page = pages[(this.#sent + index) % pages.length];
        const country = countryNames[(this.#sent + index) % countryNames.length];
        return { topic: visits.name, key: page, value: { page, country } };
      });
      this.#sent += some.length;
      await Promise.all(some.map((visit) => producer.send(visit)));
      await sleep(pauseMs);
    }
    await producer.close();
  }

  async #read(): Promise<void> {
    for await (const record of this.#consumer) {
      if (record.key === null || record.value === null) continue;
      const before = this.#counts.get(record.key) ?? 0;
      const { visits: count, by } = record.value;
      if (count !== before + 1) this.wrong.push(`${record.key}: ${count} after ${before}`);
      this.#counts.set(record.key, count);
      this.byVersion.set(by, (this.byVersion.get(by) ?? 0) + 1);
      this.#seen += 1;
      const nowMs = performance.now();
      if (this.#seen > 1) this.pauseMs = Math.max(this.pauseMs, nowMs - this.#seenMs);
      this.#seenMs = nowMs;
    }
  }
}
