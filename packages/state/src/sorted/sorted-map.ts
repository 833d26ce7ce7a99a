import { mergePending, seekBackward, seekForward, sortedChunks } from "./chunks.ts";

/**
 * A map by text keys with ordered walks. Reads and writes are those of a `Map`; order is kept lazily: new keys
 * wait aside until somebody walks, then few are inserted and many sorted in. Before the first walk no order is
 * kept at all.
 *
 * Removed keys stay in the order until a rebuild and are skipped, so that a walk survives writes.
 */
export class SortedMap<V> {
  readonly #entries = new Map<string, V>();
  /** Keys in order, in chunks; undefined before the first walk. Holds removed keys too. */
  #chunks: string[][] | undefined;
  #chunkedCount = 0;
  /** Keys that the chunks lack. */
  #pending = new Set<string>();
  /** Keys in the chunks that were removed. */
  readonly #removed = new Set<string>();
  /** Grows whenever positions in the chunks move. */
  #layout = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    if (this.#chunks === undefined) {
      this.#entries.set(key, value);
      return;
    }
    const before = this.#entries.size;
    this.#entries.set(key, value);
    if (this.#entries.size !== before && !this.#removed.delete(key)) this.#pending.add(key);
  }

  delete(key: string): void {
    if (!this.#entries.delete(key) || this.#chunks === undefined) return;
    if (!this.#pending.delete(key)) this.#removed.add(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#chunks = undefined;
    this.#chunkedCount = 0;
    this.#pending.clear();
    this.#removed.clear();
    this.#layout++;
  }

  /** In no order. */
  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  /** Walks keys from `from` (inclusive) to `to` (exclusive). Entries written meanwhile may or may not appear. */
  walk(from: string | undefined, to: string | undefined, isForward: boolean): SortedWalk<V> {
    return new SortedWalk(this, from, to, isForward);
  }

  /** For walks: the chunks as they are now, with everything that waited sorted in. */
  ordered(): { readonly chunks: readonly string[][]; readonly layout: number } {
    if (this.#chunks === undefined || this.#mustRebuild()) this.#rebuild();
    else if (this.#pending.size > 0) this.#insertPending(this.#chunks);
    return { chunks: this.#chunks ?? [], layout: this.#layout };
  }

  get layout(): number {
    return this.#layout;
  }

  #mustRebuild(): boolean {
    return (
      this.#pending.size > 256 + (this.#chunkedCount >> 3) ||
      this.#removed.size > 1024 + (this.#chunkedCount >> 1)
    );
  }

  #rebuild(): void {
    this.#chunks = sortedChunks(this.#entries.keys());
    this.#settle(this.#entries.size);
    this.#removed.clear();
  }

  #insertPending(chunks: string[][]): void {
    mergePending(chunks, this.#pending);
    this.#settle(this.#chunkedCount + this.#pending.size);
  }

  #settle(chunkedCount: number): void {
    this.#chunkedCount = chunkedCount;
    this.#pending = new Set();
    this.#layout++;
  }
}

/** `while (walk.next()) use(walk.key, walk.value)`. */
export class SortedWalk<V> {
  readonly #map: SortedMap<V>;
  readonly #from: string | undefined;
  readonly #to: string | undefined;
  readonly #isForward: boolean;
  #chunks: readonly string[][];
  #layout: number;
  #chunk = 0;
  #index = 0;
  #key: string | undefined;
  #value: V | undefined;

  constructor(
    map: SortedMap<V>,
    from: string | undefined,
    to: string | undefined,
    isForward: boolean,
  ) {
    this.#map = map;
    this.#from = from;
    this.#to = to;
    this.#isForward = isForward;
    const { chunks, layout } = map.ordered();
    this.#chunks = chunks;
    this.#layout = layout;
    this.#seek();
  }

  get key(): string {
    return this.#key ?? "";
  }

  get value(): V {
    return this.#value as V;
  }

  next(): boolean {
    if (this.#layout !== this.#map.layout) this.#follow();
    for (;;) {
      const key = this.#step();
      if (key === undefined || this.#isBeyond(key)) return this.#end();
      const value = this.#map.get(key);
      if (value === undefined) continue;
      this.#key = key;
      this.#value = value;
      return true;
    }
  }

  #step(): string | undefined {
    if (this.#isForward) {
      while (this.#chunk < this.#chunks.length) {
        const chunk = this.#chunks[this.#chunk];
        if (this.#index < chunk.length) return chunk[this.#index++];
        this.#chunk++;
        this.#index = 0;
      }
      return undefined;
    }
    while (this.#chunk >= 0) {
      if (this.#index >= 0) return this.#chunks[this.#chunk][this.#index--];
      if (--this.#chunk >= 0) this.#index = this.#chunks[this.#chunk].length - 1;
    }
    return undefined;
  }

  #isBeyond(key: string): boolean {
    return this.#isForward
      ? this.#to !== undefined && key >= this.#to
      : this.#from !== undefined && key < this.#from;
  }

  /** The chunks moved under the walk: finds the place after the last key again. */
  #follow(): void {
    const { chunks, layout } = this.#map.ordered();
    this.#chunks = chunks;
    this.#layout = layout;
    this.#seek();
  }

  #seek(): void {
    const last = this.#key;
    const place = this.#isForward
      ? seekForward(this.#chunks, last ?? this.#from, last === undefined)
      : seekBackward(this.#chunks, last ?? this.#to);
    this.#chunk = place.chunk;
    this.#index = place.index;
  }

  #end(): false {
    this.#chunk = this.#isForward ? this.#chunks.length : -1;
    this.#index = -1;
    return false;
  }
}
