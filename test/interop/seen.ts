interface Waiting {
  readonly isReached: () => boolean;
  readonly resolve: () => void;
}

/** What readers have seen, in order, and by whom; waits until enough was seen. */
export class Seen {
  readonly values: string[] = [];
  readonly #countOf = new Map<string, number>();
  #waiting: Waiting[] = [];

  add(reader: string, value: string): void {
    this.values.push(value);
    this.#countOf.set(reader, this.countOf(reader) + 1);
    this.changed();
  }

  countOf(reader: string): number {
    return this.#countOf.get(reader) ?? 0;
  }

  /** Values in an order that does not hang on partitions, to compare with what was sent. */
  get sorted(): readonly string[] {
    return [...this.values].sort();
  }

  /** Looks again at what others wait for; also for conditions on something else than values. */
  changed(): void {
    const reached = this.#waiting.filter(({ isReached }) => isReached());
    this.#waiting = this.#waiting.filter((one) => !reached.includes(one));
    for (const { resolve } of reached) resolve();
  }

  until(isReached: () => boolean): Promise<void> {
    if (isReached()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isReached, resolve }));
  }

  /** Values of `from` to below `to`, sorted: what a test has sent. */
  static numbered(from: number, to: number): readonly string[] {
    const values = Array.from({ length: to - from }, (_, index) => numbered(from + index));
    return values.sort();
  }
}

function numbered(index: number): string {
  return `value-${String(index).padStart(5, "0")}`;
}
