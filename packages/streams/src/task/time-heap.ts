import type { Timestamp } from "@millrace/model";

/**
 * A binary heap by time that breaks ties as Kafka's `java.util.PriorityQueue` does, so that equal inputs give equal
 * outputs.
 */
export class TimeHeap<T> {
  readonly #items: T[] = [];
  readonly #times: Timestamp[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The lowest; Infinity if there is none. */
  get firstTime(): Timestamp {
    return this.#times.length === 0 ? Infinity : this.#times[0];
  }

  offer(item: T, time: Timestamp): void {
    const items = this.#items;
    const times = this.#times;
    let index = items.length;
    items.push(item);
    times.push(time);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (time >= times[parent]) break;
      items[index] = items[parent];
      times[index] = times[parent];
      index = parent;
    }
    items[index] = item;
    times[index] = time;
  }

  /** Takes out the item of the lowest time; undefined if there is none. */
  poll(): T | undefined {
    const items = this.#items;
    const times = this.#times;
    const top = items[0];
    const last = items.pop();
    const lastTime = times.pop();
    if (last === undefined || lastTime === undefined || items.length === 0) return top;
    const size = items.length;
    let index = 0;
    while (index < size >>> 1) {
      let child = 2 * index + 1;
      if (child + 1 < size && times[child] > times[child + 1]) child += 1;
      if (lastTime <= times[child]) break;
      items[index] = items[child];
      times[index] = times[child];
      index = child;
    }
    items[index] = last;
    times[index] = lastTime;
    return top;
  }

  clear(): void {
    this.#items.length = 0;
    this.#times.length = 0;
  }
}
