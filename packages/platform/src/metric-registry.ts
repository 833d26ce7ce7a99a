import type { Counter, Metrics, MetricTags, MetricValue } from "./metrics.ts";

interface Metric {
  readonly name: string;
  readonly tags: MetricTags;
  readonly read: () => number;
}

const noTags: MetricTags = Object.freeze({});

/** Metrics in memory; a counter costs one addition. */
export class MetricRegistry implements Metrics {
  readonly #metrics = new Map<string, Metric>();
  readonly #counters = new Map<string, Counter>();

  counter(name: string, tags: MetricTags = noTags): Counter {
    const key = keyOf(name, tags);
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    const counter = new PlainCounter();
    this.#counters.set(key, counter);
    this.#metrics.set(key, { name, tags, read: () => counter.value });
    return counter;
  }

  /** A gauge with the same name and tags replaces the one before. */
  gauge(name: string, read: () => number, tags: MetricTags = noTags): () => void {
    const key = keyOf(name, tags);
    const gauge: Metric = { name, tags, read };
    this.#metrics.set(key, gauge);
    return () => {
      if (this.#metrics.get(key) === gauge) this.#metrics.delete(key);
    };
  }

  snapshot(): readonly MetricValue[] {
    return [...this.#metrics.values()].map(({ name, tags, read }) => ({
      name,
      tags,
      value: read(),
    }));
  }
}

class PlainCounter implements Counter {
  value = 0;

  add(amount: number): void {
    this.value += amount;
  }
}

function keyOf(name: string, tags: MetricTags): string {
  let key = name;
  for (const tag of Object.keys(tags).sort()) key += `\u0000${tag}\u0000${tags[tag]}`;
  return key;
}
