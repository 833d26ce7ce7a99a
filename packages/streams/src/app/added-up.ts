import type { MetricValue } from "@millrace/platform";

/** What several threads count under one name and the same tags is one metric. */
export function addedUp(values: readonly MetricValue[]): readonly MetricValue[] {
  const byName = new Map<string, MetricValue>();
  for (const value of values) {
    const tags = Object.entries(value.tags).sort(([left], [right]) => (left < right ? -1 : 1));
    const name = JSON.stringify([value.name, tags]);
    const known = byName.get(name);
    byName.set(name, known === undefined ? value : { ...known, value: known.value + value.value });
  }
  return [...byName.values()];
}
