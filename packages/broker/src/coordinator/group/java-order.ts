/*
 * Assignors break ties by the order in which Java's collections give their elements. These give the
 * same order, so that a group moves between brokers without a task moving.
 */

/** Java's `String.hashCode`, spread as `HashMap` does. */
function spreadHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++)
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash ^ (hash >>> 16);
}

/** The order in which a `HashMap` gives the keys that were put into it in this order. */
export function inHashOrder(keys: Iterable<string>, capacity = 16): string[] {
  const list = [...keys];
  let tableSize = 1;
  while (tableSize < capacity) tableSize *= 2;
  while (list.length > tableSize * 0.75) tableSize *= 2;
  const slotOf = (key: string) => spreadHash(key) & (tableSize - 1);
  return list
    .map((key) => ({ key, slot: slotOf(key) }))
    .toSorted((left, right) => left.slot - right.slot)
    .map(({ key }) => key);
}

/** A binary heap with the sifts of Java's `PriorityQueue`: equal elements leave in the same order. */
export class LeastFirstQueue<Element> {
  readonly #heap: Element[] = [];
  readonly #weight: (element: Element) => number;

  /** An element's weight may change only while it is not in the queue. */
  constructor(weight: (element: Element) => number) {
    this.#weight = weight;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(element: Element): void {
    const heap = this.#heap;
    const weight = this.#weight(element);
    let index = heap.length;
    heap.push(element);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (weight >= this.#weight(heap[parent])) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = element;
  }

  poll(): Element | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    const weight = this.#weight(last);
    const half = heap.length >>> 1;
    let index = 0;
    while (index < half) {
      let child = 2 * index + 1;
      const right = child + 1;
      if (right < heap.length && this.#weight(heap[child]) > this.#weight(heap[right]))
        child = right;
      if (weight <= this.#weight(heap[child])) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
