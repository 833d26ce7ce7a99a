const capacityDefault = 16;
const loadFactor = 0.75;

interface Entry<Key, Value> {
  readonly key: Key;
  readonly hash: number;
  readonly value: Value;
}

/**
 * A map that gives its entries in the order of Java's `HashMap` with the same history: by slots of a table, which grows with
 * them; within a slot what was put comes behind, and what was computed before the others. Java makes a tree of a slot
 * with eight entries; here it stays a list, in the same order.
 */
export class JavaHashMap<Key, Value> {
  readonly #hashOf: (key: Key) => number;
  #slots: Entry<Key, Value>[][] = [];
  /** Of the table that is made with the first entry. */
  readonly #capacity: number;
  #size = 0;

  constructor(hashOf: (key: Key) => number, capacity: number = capacityDefault) {
    this.#hashOf = hashOf;
    let size = 1;
    while (size < capacity) size *= 2;
    this.#capacity = size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    return this.#slotOf(key)?.find((entry) => entry.key === key)?.value;
  }

  /** A key that is new: it comes behind the others of its slot, and the table grows after it. */
  put(key: Key, value: Value): void {
    if (this.#slots.length === 0) this.#resize(this.#capacity);
    const slot = this.#slotOf(key) ?? [];
    if (slot.some((entry) => entry.key === key)) return;
    slot.push(this.#entryOf(key, value));
    if (++this.#size > this.#threshold) this.#resize(this.#slots.length * 2);
  }

  /** A key that is new comes before the others of its slot, and the table grows before it. */
  computeIfAbsent(key: Key, compute: () => Value): Value {
    if (this.#slots.length === 0) this.#resize(this.#capacity);
    else if (this.#size > this.#threshold) this.#resize(this.#slots.length * 2);
    const slot = this.#slotOf(key) ?? [];
    const known = slot.find((entry) => entry.key === key);
    if (known !== undefined) return known.value;
    const entry = this.#entryOf(key, compute());
    slot.unshift(entry);
    this.#size++;
    return entry.value;
  }

  delete(key: Key): void {
    const slot = this.#slotOf(key) ?? [];
    const index = slot.findIndex((entry) => entry.key === key);
    if (index < 0) return;
    slot.splice(index, 1);
    this.#size--;
  }

  *keys(): Generator<Key, void> {
    for (const [key] of this) yield key;
  }

  *[Symbol.iterator](): Generator<readonly [Key, Value], void> {
    for (const slot of this.#slots) for (const { key, value } of slot) yield [key, value];
  }

  get #threshold(): number {
    return Math.floor(this.#slots.length * loadFactor);
  }

  #entryOf(key: Key, value: Value): Entry<Key, Value> {
    return { key, hash: this.#hash(key), value };
  }

  #hash(key: Key): number {
    const hash = this.#hashOf(key);
    return hash ^ (hash >>> 16);
  }

  #slotOf(key: Key): Entry<Key, Value>[] | undefined {
    return this.#slots[this.#hash(key) & (this.#slots.length - 1)];
  }

  #resize(size: number): void {
    const before = this.#slots;
    this.#slots = Array.from({ length: size }, () => []);
    for (const slot of before)
      for (const entry of slot) this.#slots[entry.hash & (size - 1)].push(entry);
  }
}
