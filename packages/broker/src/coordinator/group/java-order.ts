import { uuidToBytes } from "@millrace/protocol/wire";
import { JavaHashMap } from "./java-hash-map.ts";
import type { PartitionSets } from "./partition-sets.ts";

/*
 * Assignors break ties by the order in which Java's collections give their elements. These give the
 * same order, so that a group moves between brokers without a task moving.
 */

/** Java's `String.hashCode`. */
function textHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++)
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/** The order in which a `HashMap` gives the keys that were put into it in this order. */
export function inHashOrder(keys: Iterable<string>, capacity?: number): string[] {
  const map = new JavaHashMap<string, true>(textHash, capacity);
  for (const key of keys) map.put(key, true);
  return [...map.keys()];
}

/** The same for ids of topics (Kafka: `Uuid.hashCode`). */
export function inUuidHashOrder(ids: Iterable<string>, capacity?: number): string[] {
  const map = new JavaHashMap<string, true>(uuidHash, capacity);
  for (const id of ids) map.put(id, true);
  return [...map.keys()];
}

/** The same for numbers in a `HashSet` that was made of a list of them. */
export function inIntegerHashOrder(numbers: Iterable<number>): number[] {
  return [...copyOfIntegers([...numbers]).keys()];
}

/** An empty `HashSet` of numbers. */
export function integerSet(capacity?: number): JavaHashMap<number, true> {
  return new JavaHashMap((number) => number, capacity);
}

/** A `HashSet` made of a list of numbers. */
function copyOfIntegers(numbers: readonly number[]): JavaHashMap<number, true> {
  const set = integerSet(capacityOfCopy(numbers.length));
  for (const number of numbers) set.put(number, true);
  return set;
}

/** Kafka's copy of what a member has (`AssignorHelpers.deepCopyAssignment`). */
export function copyOfSets(sets: PartitionSets): JavaHashMap<string, JavaHashMap<number, true>> {
  const copy = new JavaHashMap<string, JavaHashMap<number, true>>(uuidHash, sets.size);
  for (const [topicId, partitions] of sets) copy.put(topicId, copyOfIntegers([...partitions]));
  return copy;
}

/** A `HashMap` of partitions by topic, of some capacity. */
export function emptySets(capacity: number): JavaHashMap<string, JavaHashMap<number, true>> {
  return new JavaHashMap(uuidHash, capacity);
}

/** Partitions as a record has them, in the order that they have once Kafka has read it (`Assignment.fromRecord`). */
export function replayedSets(
  list: readonly { readonly topicId: string; readonly partitions: readonly number[] }[],
): PartitionSets {
  const sets = new Map(list.map(({ topicId, partitions }) => [topicId, partitions]));
  const topicIds = inUuidHashOrder(sets.keys());
  return new Map(topicIds.map((id) => [id, new Set(inIntegerHashOrder(sets.get(id) ?? []))]));
}

/** Capacity that a `HashSet` is given when it is made of so many elements. */
export function capacityOfCopy(count: number): number {
  return Math.max(Math.floor(count / 0.75) + 1, 16);
}

/** The four words of an id, folded upon each other. */
function uuidHash(id: string): number {
  const bytes = uuidToBytes(id);
  let hash = 0;
  for (let index = 0; index < 16; index++) hash ^= bytes[index] << (8 * (3 - (index % 4)));
  return hash;
}

/** Order of ids of topics: by signed halves (Kafka: `Uuid.compareTo`). */
export function byUuid(left: string, right: string): number {
  if (left === right) return 0;
  const [one, other] = [viewOf(left), viewOf(right)];
  const at = one.getBigInt64(0) === other.getBigInt64(0) ? 8 : 0;
  return one.getBigInt64(at) < other.getBigInt64(at) ? -1 : 1;
}

function viewOf(id: string): DataView {
  const bytes = uuidToBytes(id);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
