import { fromHex } from "@millrace/model";

import type { AssignableTask } from "./client-state.ts";

/*
 * Kafka's assignors break ties by the order in which Java's collections give their elements. These give the same
 * order, so that no task moves when the lead of a group goes from Java to Millrace, or back.
 */

/** What a `HashMap` or `HashSet` gives that the elements were put into in this order. */
export function inHashOrder<Element>(
  elements: Iterable<Element>,
  hashOf: (element: Element) => number,
  capacity = 16,
): Element[] {
  const list = [...elements];
  let tableSize = 1;
  while (tableSize < capacity) tableSize *= 2;
  while (list.length > tableSize * 0.75) tableSize *= 2;
  const slotOf = (element: Element): number => {
    const hash = hashOf(element);
    return (hash ^ (hash >>> 16)) & (tableSize - 1);
  };
  return list
    .map((element) => ({ element, slot: slotOf(element) }))
    .toSorted((left, right) => left.slot - right.slot)
    .map(({ element }) => element);
}

/** The capacity that a `HashSet` has that is made of a collection. */
export function capacityOfCopy(size: number): number {
  return Math.max(Math.floor(size / 0.75) + 1, 16);
}

/** Kafka: `TaskId.hashCode`. */
export function taskHash({ id }: AssignableTask): number {
  const ofSubtopology = Math.imul(31, 31 + id.subtopology);
  return Math.imul(31, ofSubtopology + id.partition);
}

/** Java: `UUID.hashCode`. */
export function processHash({ processId }: { readonly processId: string }): number {
  const view = uuidView(processId);
  return view.getInt32(0) ^ view.getInt32(4) ^ view.getInt32(8) ^ view.getInt32(12);
}

/** Java: `UUID.compareTo`, by signed halves. */
export function compareProcessIds(left: string, right: string): number {
  const [one, other] = [uuidView(left), uuidView(right)];
  for (const at of [0, 8]) {
    const [ours, theirs] = [one.getBigInt64(at), other.getBigInt64(at)];
    if (ours !== theirs) return ours < theirs ? -1 : 1;
  }
  return 0;
}

function uuidView(processId: string): DataView {
  const bytes = fromHex(processId.replaceAll("-", ""));
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A binary heap with the sifts of Java's `PriorityQueue`: what compares as equal leaves it in the same order. */
export class PriorityQueue<Element> {
  #heap: Element[];
  readonly #compare: (left: Element, right: Element) => number;

  constructor(compare: (left: Element, right: Element) => number, elements: Element[] = []) {
    this.#compare = compare;
    this.#heap = [...elements];
    for (let index = (elements.length >>> 1) - 1; index >= 0; index--)
      this.#siftDown(index, this.#heap[index]);
  }

  get size(): number {
    return this.#heap.length;
  }

  /** As they lie in the heap, the least one first. */
  get elements(): readonly Element[] {
    return this.#heap;
  }

  has(element: Element): boolean {
    return this.#heap.includes(element);
  }

  add(element: Element): void {
    this.#heap.push(element);
    this.#siftUp(this.#heap.length - 1, element);
  }

  poll(): Element | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#siftDown(0, last);
    return first;
  }

  remove(element: Element): void {
    const index = this.#heap.indexOf(element);
    if (index < 0) return;
    const last = this.#heap.pop();
    if (last === undefined || index === this.#heap.length) return;
    this.#siftDown(index, last);
    if (this.#heap[index] === last) this.#siftUp(index, last);
  }

  #siftUp(from: number, element: Element): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#compare(element, this.#heap[parent]) >= 0) break;
      this.#heap[index] = this.#heap[parent];
      index = parent;
    }
    this.#heap[index] = element;
  }

  #siftDown(from: number, element: Element): void {
    const heap = this.#heap;
    const half = heap.length >>> 1;
    let index = from;
    while (index < half) {
      let child = 2 * index + 1;
      const right = child + 1;
      if (right < heap.length && this.#compare(heap[child], heap[right]) > 0) child = right;
      if (this.#compare(element, heap[child]) <= 0) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = element;
  }
}
