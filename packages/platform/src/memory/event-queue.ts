/** Something that happens at a virtual time. */
export interface ScheduledEvent<Owner = unknown> {
  readonly timeMs: number;
  /** Orders events of one time; equal ties go by `sequence`. */
  readonly tie: number;
  readonly sequence: number;
  readonly owner: Owner;
  /** Undefined once cancelled. */
  action: (() => void) | undefined;
}

/** Cancelled events that may lie in the heap before it is swept, as a share of all: a half. */
const sweepSizeMin = 1024;

/** A binary heap of events, the earliest first. */
export class EventQueue<Owner = unknown> {
  #heap: ScheduledEvent<Owner>[] = [];
  #sequence = 0;
  #cancelledCount = 0;

  /** Events that are not cancelled. */
  get size(): number {
    return this.#heap.length - this.#cancelledCount;
  }

  add(timeMs: number, owner: Owner, action: () => void, tie = 0): ScheduledEvent<Owner> {
    const event = { timeMs, tie, sequence: this.#sequence++, owner, action };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = event;
    return event;
  }

  /** Calling twice, or for an event that was taken, is fine. */
  cancel(event: ScheduledEvent<Owner>): void {
    if (event.action === undefined) return;
    event.action = undefined;
    this.#cancelledCount++;
    if (this.#heap.length > sweepSizeMin && this.#cancelledCount * 2 > this.#heap.length)
      this.#sweep();
  }

  /** Time of the earliest event that stands. */
  nextTimeMs(): number | undefined {
    while (this.#heap.length > 0) {
      const first = this.#heap[0];
      if (first.action !== undefined) return first.timeMs;
      this.#removeFirst();
      this.#cancelledCount--;
    }
    return undefined;
  }

  /** Removes the earliest event and gives what it does; it can no longer be cancelled. */
  take(): { readonly event: ScheduledEvent<Owner>; readonly action: () => void } | undefined {
    while (this.#heap.length > 0) {
      const event = this.#removeFirst();
      const action = event.action;
      if (action === undefined) {
        this.#cancelledCount--;
        continue;
      }
      event.action = undefined;
      return { event, action };
    }
    return undefined;
  }

  #removeFirst(): ScheduledEvent<Owner> {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last, 0);
    return first;
  }

  #sink(event: ScheduledEvent<Owner>, start: number): void {
    const heap = this.#heap;
    const count = heap.length;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= count) break;
      if (child + 1 < count && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], event)) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = event;
  }

  #sweep(): void {
    // An array in order is a heap.
    this.#heap = this.#heap
      .filter((event) => event.action !== undefined)
      .sort((left, right) => (isBefore(left, right) ? -1 : 1));
    this.#cancelledCount = 0;
  }
}

function isBefore<Owner>(left: ScheduledEvent<Owner>, right: ScheduledEvent<Owner>): boolean {
  if (left.timeMs !== right.timeMs) return left.timeMs < right.timeMs;
  if (left.tie !== right.tie) return left.tie < right.tie;
  return left.sequence < right.sequence;
}
