/** How often each name stands in a request, looked up at once: comparing each with each would take the broker's time. */
export function countNames<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
): (name: string) => number {
  const counts = new Map<string, number>();
  for (const item of items) {
    const name = nameOf(item);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return (name) => counts.get(name) ?? 0;
}

/** Up to here a request gets an answer each time that it names something, as from Kafka. */
const answeredEachMax = 100;

/**
 * Names of a request that only looks: in a long one each stands once, since an answer can be very much longer than a
 * name (docs/decisions/016).
 */
export function answeredNames<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string | number,
): readonly Item[] {
  if (items.length <= answeredEachMax) return items;
  return [...new Map(items.map((item) => [nameOf(item), item])).values()];
}
