import type { Metrics, MetricTags } from "@millrace/platform";
import type { BytesStore, StoreScan, WriteContext } from "../contract/bytes-store.ts";
import type { EntryCursor } from "../contract/store-engine.ts";

/** Counts what passes the cache. Counting is an addition; whoever looks reads the sum. */
export class MeteredStore implements BytesStore {
  readonly #inner: BytesStore;
  #gets = 0;
  #puts = 0;
  #scans = 0;

  constructor(inner: BytesStore, metrics: Pick<Metrics, "gauge">, tags: MetricTags) {
    this.#inner = inner;
    metrics.gauge("get-total", () => this.#gets, tags);
    metrics.gauge("put-total", () => this.#puts, tags);
    metrics.gauge("range-total", () => this.#scans, tags);
  }

  get(key: Uint8Array): Uint8Array | null {
    this.#gets++;
    return this.#inner.get(key);
  }

  put(key: Uint8Array, value: Uint8Array | null, context: WriteContext): void {
    this.#puts++;
    this.#inner.put(key, value, context);
  }

  scan(range: StoreScan): EntryCursor {
    this.#scans++;
    return this.#inner.scan(range);
  }

  approximateEntryCount(): number {
    return this.#inner.approximateEntryCount();
  }
}
