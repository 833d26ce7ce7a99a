/** Counters and gauges by name (Kafka's names where it has one) and tags. */
export interface Metrics {
  /** The same name and tags give the same counter. */
  counter(name: string, tags?: MetricTags): Counter;
  /** @returns removes it again, unless another one has taken its place */
  gauge(name: string, read: () => number, tags?: MetricTags): () => void;
  /** All values now. */
  snapshot(): readonly MetricValue[];
}

export type MetricTags = Readonly<Record<string, string>>;

export interface Counter {
  add(amount: number): void;
  readonly value: number;
}

/** Kafka calls them totals; what they count is there at the moment. */
const falling: ReadonlySet<string> = new Set([
  "restore-remaining-records-total",
  "input-buffer-bytes-total",
]);

/** True: values of that name only grow, until who counts them begins anew. */
export function isCounter(name: string): boolean {
  return /[-_]total$/.test(name) && !falling.has(name);
}

export interface MetricValue {
  readonly name: string;
  readonly tags: MetricTags;
  readonly value: number;
}
