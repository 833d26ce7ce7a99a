/**
 * Numbers that are committed beside the offsets, by name, and are here again after a restart (Kafka: `ProcessorMetadata`).
 * An operator takes its name when it starts. What was committed under names that nobody takes is of operators that the
 * topology no longer has: it is not committed again.
 */
export class CommittedNumbers {
  readonly #restored = new Map<string, number>();
  readonly #taken = new Map<string, number>();

  /** What was committed. Of each name the highest counts: every input has those of the whole task. */
  restore(name: string, number: number): void {
    this.#restored.set(name, Math.max(number, this.#restored.get(name) ?? number));
  }

  /** Takes a name; those that share it share the number. Gives what was committed, or set since; -1: nothing. */
  take(name: string): number {
    const number = this.#taken.get(name) ?? this.#restored.get(name) ?? -1;
    this.#taken.set(name, number);
    return number;
  }

  /** Of a name that was taken. -1: nothing was committed or set. */
  get(name: string): number {
    return this.#taken.get(name) ?? -1;
  }

  set(name: string, number: number): void {
    this.#taken.set(name, number);
  }

  /** What is to be committed, in the order in which the names were taken. */
  get entries(): readonly (readonly [name: string, number: number])[] {
    return [...this.#taken].filter(([, number]) => number !== -1);
  }
}
