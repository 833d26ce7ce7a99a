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

export interface MetricValue {
  readonly name: string;
  readonly tags: MetricTags;
  readonly value: number;
}
