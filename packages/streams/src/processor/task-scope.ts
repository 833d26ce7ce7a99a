/**
 * What the processors of one task share beside stores: the clock of an outer join, say, which both of its sides move. It
 * lives as long as the task, and no longer.
 */
export class TaskScope {
  readonly #values = new Map<object, unknown>();

  /** The value of a key: made by whoever asks first. The key is an object that those who share it all know. */
  shared<T>(key: object, make: () => T): T {
    if (!this.#values.has(key)) this.#values.set(key, make());
    return this.#values.get(key) as T; // of one key, all are made by `make` of one type
  }
}
