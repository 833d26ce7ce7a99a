import type { VersionedTopics } from "../topic-lookup.ts";
import { addHashes, hashOfTopic, subtractHashes } from "./topics-hash.ts";

/**
 * How often each name is there. A second one on top of it (`base`) says what would be there after a change, at the cost
 * of that change; it holds as long as what is below stays as it is.
 */
export class NameCounts {
  readonly #base: NameCounts | undefined;
  /** Beside those of the base. */
  readonly #counts = new Map<string, number>();
  #size: number;
  /** Of the names that were there at a version of the topics. */
  #hashed: { readonly version: number; readonly hash: number } | undefined;
  /** Names that have come or gone since. */
  readonly #changed = new Set<string>();

  constructor(base?: NameCounts) {
    this.#base = base;
    this.#size = base?.size ?? 0;
  }

  /** How many names there are. */
  get size(): number {
    return this.#size;
  }

  count(name: string): number {
    return (this.#base?.count(name) ?? 0) + (this.#counts.get(name) ?? 0);
  }

  has(name: string): boolean {
    return this.count(name) > 0;
  }

  add(names: Iterable<string>, by: 1 | -1): void {
    for (const name of names) {
      const before = this.count(name);
      const own = (this.#counts.get(name) ?? 0) + by;
      if (own === 0) this.#counts.delete(name);
      else this.#counts.set(name, own);
      const change = Number(before + by > 0) - Number(before > 0);
      if (change === 0) continue;
      this.#size += change;
      if (!this.#changed.delete(name)) this.#changed.add(name);
    }
  }

  *[Symbol.iterator](): Generator<string, void> {
    for (const name of this.#base ?? []) if (this.has(name)) yield name;
    for (const [name, count] of this.#counts)
      if (count > 0 && this.#base?.has(name) !== true) yield name;
  }

  /** Of the topics of these names: it changes when one comes, goes or grows. Costs what has changed since the last time. */
  hash(topics: VersionedTopics): number {
    const version = topics.appliedOffset;
    const known =
      this.#base === undefined
        ? this.#hashed?.version === version && this.#hashed.hash
        : this.#base.hash(topics);
    let hash = 0;
    if (known === undefined || known === false)
      for (const name of this) hash = addHashes(hash, hashOfTopic(name, topics));
    else {
      hash = known;
      for (const name of this.#changed) {
        const change = this.has(name) ? addHashes : subtractHashes;
        hash = change(hash, hashOfTopic(name, topics));
      }
    }
    if (this.#base === undefined) {
      this.#changed.clear();
      this.#hashed = { version, hash };
    }
    return hash;
  }
}
