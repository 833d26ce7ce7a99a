import type { Platform } from "@millrace/platform";

/** Longest that a request works before others have their turn. */
export const turnMs = 10;
/** What cannot be cut into turns, such as a batch that is unpacked, may take longer; this is long. */
const longTurnMs = 30;

type Time = Pick<Platform, "clock" | "timers">;

interface Shared {
  restUntilMs: number;
  /** What all have taken since others had their turn last. */
  takenMs: number;
}

/**
 * Shares the one thread: long work gives way to other connections, and goes on after them. After a long turn those who
 * take long rest for as long as it took: all of them together have half of the time at most.
 */
export class Turns {
  readonly #time: Time;
  readonly #shared: Shared;
  readonly #spent: (ms: number) => void;

  constructor(
    time: Time,
    shared: Shared = { restUntilMs: 0, takenMs: 0 },
    spent: (ms: number) => void = () => {},
  ) {
    this.#time = time;
    this.#shared = shared;
    this.#spent = spent;
  }

  /** The same turns, for one request, which is told what it has taken of those after its first one. */
  of(spent: (ms: number) => void): Turns {
    return new Turns(this.#time, this.#shared, spent);
  }

  /** So much was done in one go that only what is quick goes on before others have their turn. */
  get isOver(): boolean {
    return this.#shared.takenMs >= longTurnMs;
  }

  /** How long whoever takes long has to wait. */
  get restMs(): number {
    return Math.max(0, this.#shared.restUntilMs - this.#time.clock.monotonicMs());
  }

  /** Gives whether the turn that began then was a long one. */
  end(startMs: number): boolean {
    const nowMs = this.#time.clock.monotonicMs();
    const tookMs = nowMs - startMs;
    this.#take(tookMs);
    if (tookMs < longTurnMs) return false;
    this.#shared.restUntilMs = Math.max(this.#shared.restUntilMs, nowMs + tookMs);
    return true;
  }

  /** Maps in order: at once where that fits into one turn, else with others in between. */
  map<Item, Result>(
    items: readonly Item[],
    map: (item: Item) => Result,
  ): readonly Result[] | Promise<readonly Result[]> {
    const results: Result[] = [];
    const go = () => {
      const startMs = this.#time.clock.monotonicMs();
      while (results.length < items.length) {
        results.push(map(items[results.length]));
        if (this.#time.clock.monotonicMs() - startMs >= turnMs) break;
      }
      return results.length === items.length;
    };
    return go() ? results : this.#later(go).then(() => results);
  }

  /** The same for what stands in several lists, and gives way within each. */
  mapLists<Item, Result>(
    lists: readonly (readonly Item[])[],
    map: (item: Item, list: number) => Result,
  ): (readonly Result[])[] | Promise<(readonly Result[])[]> {
    const all = lists.flatMap((items, list) => items.map((item) => ({ item, list })));
    return after(
      this.map(all, ({ item, list }) => map(item, list)),
      (results) => {
        let next = 0;
        return lists.map(({ length }) => results.slice(next, (next += length)));
      },
    );
  }

  /** Does the work of who was woken, at once where others have not been at work already: many may be woken together. */
  async woken<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    while (this.isOver) await this.#time.timers.yield();
    const startMs = this.#time.clock.monotonicMs();
    const result = work();
    this.end(startMs);
    return result;
  }

  #take(tookMs: number): void {
    if (tookMs <= 0) return;
    const shared = this.#shared;
    if (shared.takenMs === 0) this.#time.timers.after(0, () => (shared.takenMs = 0));
    shared.takenMs += tookMs;
  }

  async #rested(): Promise<void> {
    while (this.restMs > 0) await this.#time.timers.sleep(this.restMs);
  }

  async #later(go: () => boolean): Promise<void> {
    for (let isLong = true; ;) {
      // Where many have work left, not all of them go on in the same round.
      do {
        await this.#time.timers.yield();
        if (isLong) await this.#rested();
      } while (this.isOver);
      const startMs = this.#time.clock.monotonicMs();
      const isDone = go();
      isLong = this.end(startMs);
      this.#spent(this.#time.clock.monotonicMs() - startMs);
      if (isDone) return;
    }
  }
}

/** Goes on with what may be there already. */
export function after<Value, Result>(
  value: Value | Promise<Value>,
  then: (value: Value) => Result,
): Result | Promise<Awaited<Result>> {
  // A promise of a promise is one promise.
  return value instanceof Promise ? (value.then(then) as Promise<Awaited<Result>>) : then(value);
}
